"""The tables and the goals of the benchmark of frames on one machine, made from its samples."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from benchmarks.harness.compare import Ratio, Rounds, Spread, best, better_by, middle, spread
from benchmarks.harness.frames import SIZES
from benchmarks.harness.tables import failures, number, table
from benchmarks.peers import LOCAL_NAMES

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

_COLUMNS: tuple[tuple[str, str, str, bool], ...] = (
    ("latency", "one_way_us", "one way, µs", False),
    ("latency", "memory_mb", "peak memory, MB", False),
    ("latency of three", "one_way_us", "1:3 one way, µs", False),
    ("latency of three", "memory_mb", "1:3 peak memory, MB", False),
    ("back to back", "one_way_us", "back to back, µs", False),
    ("round trip", "round_trip_us", "round trip, µs", False),
    ("throughput", "frames_per_s", "frames/s", True),
    ("throughput", "cpu_s_per_1000", "CPU s / 1000", False),
    ("one to three", "frames_per_s", "1:3 frames/s", True),
    ("one to three", "cpu_s_per_1000", "1:3 CPU s / 1000", False),
)
"""Kind of measurement, metric, title, and whether more is better."""

_MOST_WAKE_UPS, _MOST_OVER_COPY_US, _MOST_UNREAD_US = 2.0, 30.0, 2.0
_RIVALS = {"imagezmq": 5.0, "send_pyobj": 40.0}
_RIVALS_AT = "6MB"

Values = Mapping[str, Mapping[str, Mapping[str, Mapping[Any, float]]]]


def render(data: Mapping[str, Any]) -> str:
    """Medians per size, ratios with the others, then what became of the goals."""
    values: Values = data["values"]
    sizes = sorted({block.split(" ", 1)[0] for block in values}, key=list(SIZES).index)
    parts = [_medians(values, size) for size in sizes]
    parts += [_against(values, sizes), _goals(values, sizes), _notes(data)]
    return "\n\n".join(part for part in parts if part)


def _rounds(values: Values, block: str, key: str, name: str) -> Rounds:
    return values.get(block, {}).get(key, {}).get(name, {})


def _columns(values: Values, size: str) -> list[tuple[str, str, str, bool]]:
    return [
        (f"{size} {kind}", key, title, higher) for kind, key, title, higher in _COLUMNS if f"{size} {kind}" in values
    ]


def _medians(values: Values, size: str) -> str:
    columns = _columns(values, size)
    rows = [[name, *(_cell(values, name, block, key) for block, key, _, _ in columns)] for name in (*LOCAL_NAMES, COPY)]
    rows = [row for row in rows if any(cell != "–" for cell in row[1:])]
    return "Medians.\n\n" + table([f"{size} frames", *(title for _, _, title, _ in columns)], rows) if rows else ""


def _cell(values: Values, name: str, block: str, key: str) -> str:
    rounds = _rounds(values, block, key, name)
    lost = sum(_rounds(values, block, "lost", name).values())
    return number(middle(rounds) if rounds else None) + ("*" if lost else "")


def _ratio(values: Values, column: tuple[str, str, str, bool], ours: str, others: tuple[str, ...]) -> Ratio | None:
    block, key, _, higher = column
    by_peer = values.get(block, {}).get(key, {})
    rival = best(by_peer, others, higher)
    return better_by(by_peer[ours], by_peer[rival], higher) if rival and by_peer.get(ours) else None


def _against(values: Values, sizes: list[str]) -> str:
    rows = [
        [f"{size} {column[2]}", *(_verdict(_ratio(values, column, *pair)) for pair in _OTHERS.values())]
        for size in sizes
        for column in _columns(values, size)
    ]
    rows = [row for row in rows if any(cell != "–" for cell in row[1:])]
    if not rows:
        return ""
    title = "framebus is … times better (above 1) or worse"
    return "With 95 % intervals over paired rounds:\n\n" + table([title, *_OTHERS], rows)


def _verdict(ratio: Ratio | None) -> str:
    return f"{ratio}{' behind' if ratio.verdict == 'behind' else ''}" if ratio else "–"


def _goals(values: Values, sizes: list[str]) -> str:
    rows = [row for size in sizes for row in (*_limits(values, size), *_unread(values, size))]
    rows += [*_rivals(values), *_iceoryx2(values, sizes)]
    return "Goals:\n\n" + table(["goal", "measured", "verdict"], rows) if rows else ""


def _limits(values: Values, size: str) -> Iterator[list[str]]:
    """What the machine itself allows: a wake-up, and where pixels are copied, one copy."""
    one_way = values.get(f"{size} latency", {}).get("one_way_us", {})
    in_place, copied, wake_up, copy = (one_way.get(name, {}) for name in (_IN_PLACE, _COPIED, WITHOUT_PIXELS, COPY))
    times = spread([in_place[at] / wake_up[at] for at in in_place if at in wake_up])
    if times:
        yield _goal(f"{size} in place, one way: at most 2 wake-ups", times, "×", times.at_most(_MOST_WAKE_UPS))
    over = spread([copied[at] - copy[at] - wake_up[at] for at in copied if at in copy and at in wake_up])
    if over:
        title = f"{size} copied in, one way: at most memcpy + wake-up + 30 µs"
        yield _goal(title, over, "µs over", over.at_most(_MOST_OVER_COPY_US))


def _unread(values: Values, size: str) -> Iterator[list[str]]:
    per_send = spread(list(_rounds(values, f"{size} {UNREAD}", "send_us", "framebus").values()))
    if per_send:
        yield _goal(f"{size} send without a reader: at most 2 µs", per_send, "µs", per_send.at_most(_MOST_UNREAD_US))


def _rivals(values: Values) -> Iterator[list[str]]:
    for rival, goal in _RIVALS.items():
        for kind, key, title, higher in (_COLUMNS[0], _COLUMNS[6]):
            ratio = _ratio(values, (f"{_RIVALS_AT} {kind}", key, title, higher), *_OTHERS[rival])
            if ratio:
                times = Spread(ratio.middle, ratio.low, ratio.high)
                name = f"{_RIVALS_AT} copied in, {title}: at least {goal:g} × better than {rival}"
                yield _goal(name, times, "×", times.at_least(goal))


def _iceoryx2(values: Values, sizes: list[str]) -> Iterator[list[str]]:
    pairs = [_OTHERS[title] for title in ("in place: iceoryx2", "copied in: iceoryx2")]
    columns = [column for size in sizes for column in _columns(values, size)]
    found = [ratio for column in columns for pair in pairs if (ratio := _ratio(values, column, *pair))]
    if found:
        behind = sum(ratio.verdict == "behind" for ratio in found)
        measured = f"behind in {behind} of {len(found)}, marked above"
        yield ["behind iceoryx2 in no row, in place or copied in", measured, "missed" if behind else "met"]


def _goal(title: str, found: Spread, unit: str, verdict: str) -> list[str]:
    return [title, f"{found.middle:.3g} [{found.low:.3g}–{found.high:.3g}] {unit}", verdict]


def _notes(data: Mapping[str, Any]) -> str:
    notes = [f"{data['rounds']} paired rounds, window {data['window']}. `*`: frames were lost in some round."]
    notes += [f"Left out: {name} ({why})." for name, why in data["missing"].items()]
    notes += failures(data["failures"])
    return "\n".join(f"- {note}" for note in notes)
