"""The tables and the goals of the benchmark of frames on one machine, made from its samples."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from benchmarks.harness.compare import Spread, spread
from benchmarks.harness.findings import Column, Findings, notes, page
from benchmarks.harness.frames import SIZES
from benchmarks.harness.tables import table
from benchmarks.peers import LOCAL

COPY, WITHOUT_PIXELS, UNREAD = "memcpy", "wake-up", "nobody reads"
LIMITS = (WITHOUT_PIXELS, "memcpy+wake-up")

_IN_PLACE, _COPIED = "framebus-inplace", "framebus-copied"
_OTHERS: dict[str, tuple[str, tuple[str, ...]]] = {
    "in place: iceoryx2": (_IN_PLACE, ("iceoryx2-inplace",)),
    "shared_memory": (_IN_PLACE, ("shared-memory-inplace",)),
    "copied in: iceoryx2": (_COPIED, ("iceoryx2-copied",)),
    "shared_memory, copied": (_COPIED, ("shared-memory-copied",)),
    "zenoh": (_COPIED, ("zenoh-shm",)),
    "pyzmq": (_COPIED, ("pyzmq-push-ipc", "pyzmq-pub-ipc")),
    "imagezmq": (_COPIED, ("imagezmq-reqrep-ipc", "imagezmq-pubsub-ipc")),
    "send_pyobj": (_COPIED, ("pyobj-ipc",)),
    "Queue, Pipe": (_COPIED, ("mp-queue", "mp-pipe")),
}
"""Title of a column to whom it compares: one of ours with the best of some others."""

_LATENCY = Column("latency", "one_way_us", "one way, µs")
_FLOW = Column("throughput", "frames_per_s", "frames/s", higher_is_better=True)
_COLUMNS = (
    _LATENCY,
    Column("latency", "memory_mb", "peak memory, MB"),
    Column("latency of three", "one_way_us", "1:3 one way, µs"),
    Column("latency of three", "memory_mb", "1:3 peak memory, MB"),
    Column("back to back", "one_way_us", "back to back, µs"),
    Column("round trip", "round_trip_us", "round trip, µs"),
    _FLOW,
    Column("throughput", "cpu_s_per_1000", "CPU s / 1000"),
    Column("one to three", "frames_per_s", "1:3 frames/s", higher_is_better=True),
    Column("one to three", "cpu_s_per_1000", "1:3 CPU s / 1000"),
)
_SEND = Column(UNREAD, "send_us", "µs per send")

_MOST_WAKE_UPS, _MOST_OVER_COPY_US, _MOST_UNREAD_US = 2.0, 30.0, 2.0
_RIVALS = {"imagezmq": 5.0, "send_pyobj": 40.0}
_RIVALS_AT = "6MB"


def render(data: Mapping[str, Any]) -> str:
    """Medians per size, ratios with the others, then what became of the goals."""
    found = Findings(data["values"], _COLUMNS, SIZES)
    medians = [found.medians(size, [*LOCAL.makers, COPY]) for size in found.sizes]
    ratios = found.against("framebus is … times better (above 1) or worse", _OTHERS)
    setting = f"{data['rounds']} paired rounds, window {data['window']}. `*`: frames were lost in some round."
    return page(
        *(page("Medians.", text) for text in medians if text),
        page(ratios and "With 95 % intervals over paired rounds:", ratios),
        _goals(found),
        notes(data, setting),
    )


def _goals(found: Findings) -> str:
    rows = [row for size in found.sizes for row in (*_limits(found, size), *_unread(found, size))]
    rows += [*_rivals(found), *_iceoryx2(found)]
    return page("Goals:", table(["goal", "measured", "verdict"], rows)) if rows else ""


def _limits(found: Findings, size: str) -> Iterator[list[str]]:
    """What the machine itself allows: a wake-up, and where pixels are copied, one copy."""
    one_way = found.rounds(size, _LATENCY)
    in_place, copied, wake_up, copy = (one_way.get(name, {}) for name in (_IN_PLACE, _COPIED, WITHOUT_PIXELS, COPY))
    times = spread([in_place[at] / wake_up[at] for at in in_place if at in wake_up])
    if times:
        yield _goal(f"{size} in place, one way: at most 2 wake-ups", times, "×", times.at_most(_MOST_WAKE_UPS))
    over = spread([copied[at] - copy[at] - wake_up[at] for at in copied if at in copy and at in wake_up])
    if over:
        title = f"{size} copied in, one way: at most memcpy + wake-up + 30 µs"
        yield _goal(title, over, "µs over", over.at_most(_MOST_OVER_COPY_US))


def _unread(found: Findings, size: str) -> Iterator[list[str]]:
    per_send = spread(list(found.rounds(size, _SEND).get("framebus", {}).values()))
    if per_send:
        yield _goal(f"{size} send without a reader: at most 2 µs", per_send, "µs", per_send.at_most(_MOST_UNREAD_US))


def _rivals(found: Findings) -> Iterator[list[str]]:
    for rival, goal in _RIVALS.items():
        for column in (_LATENCY, _FLOW):
            ratio = found.ratio(_RIVALS_AT, column, *_OTHERS[rival])
            if ratio:
                times = Spread(ratio.middle, ratio.low, ratio.high)
                name = f"{_RIVALS_AT} copied in, {column.title}: at least {goal:g} × better than {rival}"
                yield _goal(name, times, "×", times.at_least(goal))


def _iceoryx2(found: Findings) -> Iterator[list[str]]:
    behind, compared = found.behind([_OTHERS["in place: iceoryx2"], _OTHERS["copied in: iceoryx2"]])
    if compared:
        measured = f"behind in {behind} of {compared}, marked above"
        yield ["behind iceoryx2 in no row, in place or copied in", measured, "missed" if behind else "met"]


def _goal(title: str, found: Spread, unit: str, verdict: str) -> list[str]:
    return [title, f"{found.middle:.3g} [{found.low:.3g}–{found.high:.3g}] {unit}", verdict]
