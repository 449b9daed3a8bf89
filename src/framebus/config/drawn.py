"""A system as data for a picture: its parts, how each is, and which reads whom."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from framebus.config.ends import made_names
from framebus.config.parsing import Description
from framebus.config.targets import reachable
from framebus.config.wording import Wording
from framebus.core.addresses import Link, parse
from framebus.core.errors import Error
from framebus.core.names import matches
from framebus.graph.plans import Capture, Pipe, Plan, Service, Web
from framebus.graph.view import View


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """What a part of the system is and has to do with others; what of it never changes while it runs."""

    place: str = ""
    """Where a stream comes from, a service or the page listens."""
    does: list[str] = []
    """What it does to frames, a text for each thing."""
    reads: list[str] = []
    """The keys of the parts whose frames it takes, and other systems' addresses."""
    asks: list[str] = []
    """The keys of the services it asks, and other systems' addresses."""
    writes: str = ""
    """Where its frames go."""


class Drawing:
    """Knows the parts of one description; `told` adds how they are."""

    def __init__(self, description: Description) -> None:
        self._file = description.file
        self._words = Wording(description)
        self._made = dict(_made(description.plans))
        self._services = {
            reachable(plan.work.address): plan.key for plan in description.plans if isinstance(plan.work, Service)
        }
        self._parts = {key: part for plan in description.plans for key, part in self._parts_of(plan)}

    def told(self, views: Iterable[View]) -> bytes:
        """All of it as JSON."""
        return msgspec.json.encode({"file": self._file, "parts": [self._told(view) for view in views]})

    def _told(self, view: View) -> dict[str, Any]:
        figures = msgspec.to_builtins(view.figures)
        counted = {name: figures.get(name, getattr(view.figures, name)) for name in _FIGURES}
        told: dict[str, Any] = {name: value for name, value in msgspec.to_builtins(view).items() if name != "figures"}
        part: dict[str, Any] = msgspec.to_builtins(self._parts.get(view.key, Part()))
        return told | counted | part

    def _parts_of(self, plan: Plan) -> Iterator[tuple[str, Part]]:
        match plan.work:
            case Capture(streams=streams):
                for name, stream in streams.items():
                    place, does = self._words.hidden(stream.source), list(self._words.options(stream.options))
                    yield f"{plan.key}.{name}", Part(place=place, does=does, writes=f"shm://{name}")
            case Pipe():
                yield plan.key, self._pipe(plan.work)
            case Service():
                does = [self._words.hidden(plan.work.op.name), *self._words.options(plan.work.options)]
                yield plan.key, Part(place=self._words.hidden(plan.work.address), does=does)
            case Web():
                yield plan.key, Part(place=plan.work.listen, reads=self._reads(plan.work.places))

    def _pipe(self, work: Pipe) -> Part:
        asked = [job.text for job in work.gather.values() if "://" in job.text]
        return Part(
            does=list(self._words.doing(work)),
            reads=self._reads(work.sources),
            asks=[self._services.get(address) or self._words.hidden(address) for address in asked],
            writes=self._words.hidden(work.sink),
        )

    def _reads(self, addresses: Sequence[str]) -> list[str]:
        found = [key for address in addresses for key in self._makers(address) or [self._words.hidden(address)]]
        return list(dict.fromkeys(found))

    def _makers(self, address: str) -> list[str]:
        """Who makes the frames that are read there."""
        wanted = _streams(address)
        if wanted is None:
            return []
        return [key for key, names in self._made.items() if any(matches(wanted, name) for name in names)]


_FIGURES = ("rate", "age_s", "frames", "missed", "queue", "workers", "cpu", "memory")


def _made(plans: Iterable[Plan]) -> Iterator[tuple[str, frozenset[str]]]:
    """The streams in shared memory that each part makes, by its key."""
    for plan in plans:
        if isinstance(plan.work, Capture):
            yield from ((f"{plan.key}.{name}", frozenset({name})) for name in plan.work.streams)
        elif isinstance(plan.work, Pipe):
            names = [name for address in plan.work.sources if (name := _streams(address)) and "*" not in name]
            try:
                yield plan.key, made_names(parse(plan.work.sink), names)
            except Error:  # of a plug-in, which makes none
                continue


def _streams(address: str) -> str | None:
    """Which streams in shared memory are read there; None where it is no such place."""
    try:
        link = parse(address)
    except Error:
        return None
    return link.streams if isinstance(link, Link) and link.scheme == "shm" else None
