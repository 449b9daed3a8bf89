"""A flow inside a node: how it is doing in one word."""

from __future__ import annotations

from framebus.core.statistics import StreamStats
from framebus.graph.channel import Figures
from framebus.verbs.flow import SAY_AFTER_S, Flow, Progress


def figures_of(flow: Flow) -> Figures:
    """How the flow is doing now."""
    progress = flow.progress()
    state, why = _state(flow, progress)
    return Figures(
        state=state,
        why=why,
        rate=progress.rate,
        age_s=progress.age_s,
        frames=progress.frames,
        missed=progress.missed,
        queue=max(progress.in_flight, *(reader.owed for reader in progress.readers), 0),
        streams={name: _of_stream(stream) for name, stream in list(flow.source.stats().streams.items())},
    )


def _of_stream(stream: StreamStats) -> Figures:
    return Figures(rate=stream.rate, age_s=stream.age_s, frames=stream.frames, missed=stream.missed)


def _state(flow: Flow, progress: Progress) -> tuple[str, str]:
    camera = flow.source.stats().state
    if camera is not None and camera.state != "live":
        return camera.state, camera.why
    if progress.phase == "starting" and progress.phase_s > SAY_AFTER_S:
        return "waiting", "for its workers, which are starting"
    if progress.phase == "reading" and progress.phase_s > _patience_s(progress):
        return "waiting", f"for frames{_at(' from', flow.source)}"
    if progress.phase in ("writing", "finishing") and progress.phase_s > SAY_AFTER_S:
        return "waiting", f"for {_takers(progress)}{_at(' at', flow.sink)}"
    return "live" if progress.frames else "waiting", ""


def _takers(progress: Progress) -> str:
    return "readers that are behind" if any(not reader.away for reader in progress.readers) else "readers"


def _patience_s(progress: Progress) -> float:
    """How long no frame may come before that is worth a word: some that come seldom are no surprise."""
    return max(SAY_AFTER_S, 4 * progress.elapsed_s / progress.frames) if progress.frames else SAY_AFTER_S


def _at(word: str, end: object) -> str:
    where = getattr(end, "where", "") or getattr(end, "name", "")
    return f"{word} {where}" if where else ""
