"""A node as people see it: what it is called, how it is, its figures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

from framebus.graph.channel import Figures
from framebus.graph.plans import Capture, Pipe, Plan, Service, Web
from framebus.graph.system import Member

SILENT_S = 3.0
"""A node that has told nothing for so long does not answer."""

Kind = Literal["capture", "stream", "pipe", "service", "web"]
_TROUBLES = frozenset({"again", "away", "failed", "silent", "stalled"})
_KINDS: dict[type, Kind] = {Capture: "capture", Pipe: "pipe", Service: "service", Web: "web"}


class View(msgspec.Struct, kw_only=True):
    """One node, or one stream of the capture process, at one moment. JSON-able."""

    key: str
    name: str
    kind: Kind
    state: str
    """`starting`, `live`, `waiting`, `stalled`, `away`, `again` (begins anew soon), `silent`, `stopping`, `done`,
    `failed` or `stopped`."""
    why: str = ""
    """What is wrong, or waited for; empty while nothing is."""
    pid: int = 0
    figures: Figures
    restarts: int = 0
    death: str = ""
    """How its process ended last; empty where it never did."""

    @property
    def troubled(self) -> bool:
        """True where something is wrong with it."""
        return self.state in _TROUBLES


def views_of(member: Member, figures: Figures, pid: int, silent_s: float) -> list[View]:
    """The node of `member`, which told `figures` so long ago, and its streams where it captures."""
    plan = member.plan
    state, why = _state(member, figures, silent_s)
    node = View(
        key=plan.key,
        name=plan.name,
        kind=_KINDS[type(plan.work)],
        state=state,
        why=why,
        pid=pid,
        figures=figures,
        restarts=max(0, member.starts - 1),
        death=member.death,
    )
    return [node, *_streams(plan, node)]


def _streams(plan: Plan, node: View) -> list[View]:
    if not isinstance(plan.work, Capture):
        return []
    return [_stream(name, node) for name in plan.work.streams]


def _stream(name: str, node: View) -> View:
    """A stream is as its process is, and where that works, as it says itself."""
    figures = node.figures.streams.get(name, Figures(state="starting"))
    state, why = (figures.state, figures.why) if node.state == "live" else (node.state, "")
    restarts = figures.restarts
    return View(
        key=f"streams.{name}", name=name, kind="stream", state=state, why=why, figures=figures, restarts=restarts
    )


def _state(member: Member, figures: Figures, silent_s: float) -> tuple[str, str]:
    if member.done:
        return "done", ""
    if member.failed:
        return "failed", member.why
    if not member.running:
        return ("stopped", "") if member.life.over or member.asked else ("again", member.why)
    if member.asked:
        return "stopping", ""
    if member.life.state == "starting":
        return "starting", member.why
    if silent_s > SILENT_S:
        return "silent", "its process runs, but tells nothing: it is stopped, or very busy"
    return figures.state, figures.why


def failures(views: Sequence[View]) -> list[str]:
    """What failed for good, a sentence for each."""
    return [f"{view.name}: {view.why}" for view in views if view.state == "failed"]
