"""Streams and their readers as tables for people."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from framebus.cli import figures
from framebus.core import clock
from framebus.core.contracts import SourceState
from framebus.core.names import valid_name
from framebus.core.statistics import FlowInfo, ReaderInfo, StreamInfo
from framebus.links import ports

_HEAD = ("STREAM", "ADDRESS", "STATE", "RATE", "NEWEST", "FRAMES", "READERS", "PROCESS")
_STATE = _HEAD.index("STATE")
_READER_HEAD = ("READS", "KEEPS", "MISSED", "OWED", "READY FOR", "READER")
_FLOW_HEAD = ("READS", "INTO", "STATE", "RATE", "NEWEST", "FRAMES", "MISSED", "PROCESS")
_NUMBERS = ("RATE", "NEWEST", "FRAMES", "READERS", "MISSED", "OWED", "READY FOR")
_PROCESS = re.compile(r" \(\d+\)$")
_LEAST = 16
"""Where there is less room, the number of the process alone is shown."""


def of_streams(streams: Sequence[StreamInfo], width: int | None = None) -> list[str]:
    """One line for each stream, then why some give no pictures, then one line for each reader of each publisher.

    With `width`, command lines are shortened to fit.
    """
    if not streams:
        return []
    several = any(info.pid for info in streams)  # of many publishers: each is told with its process
    rows = [_HEAD, *map(_stream, streams)]
    if not any(info.state for info in streams):
        rows = [row[:_STATE] + row[_STATE + 1 :] for row in rows]
    lines = _table(rows if several else [row[:-1] for row in rows], width)
    if troubles := [f"{info.name} {trouble(info.state)}" for info in streams if info.state and info.state.why]:
        lines += ["", *troubles]
    readers = list(_readers(streams))
    if readers:
        shown = slice(None) if several else slice(1, None)
        lines += ["", *_table([row[shown] for row in (_READER_HEAD, *readers)], width)]
    return lines


def of_flows(flows: Sequence[FlowInfo], width: int | None = None) -> list[str]:
    """One line for each flow that is not published on, then why some give no pictures."""
    if not flows:
        return []
    lines = _table([_FLOW_HEAD, *map(_flow, flows)], width)
    troubles = [line for flow in flows for line in _troubles(flow)]
    return lines + (["", *troubles] if troubles else [])


def trouble(state: SourceState) -> str:
    """Why a camera or link gives no pictures, and for how long: `is away for 12.0 s: …`."""
    return f"is {state.state} for {_lasting(state)}: {state.why}"


def _lasting(state: SourceState) -> str:
    return figures.span(max(0.0, (clock.utc_ns() - state.since_ns) * 1e-9))


def _table(rows: Sequence[tuple[str, ...]], width: int | None) -> list[str]:
    """A table below its headings; the last column, one of command lines, is cut where it has to be."""
    if width is not None:
        before = sum(max(len(row[column]) for row in rows) + 2 for column in range(len(rows[0]) - 1))
        rows = [(*row[:-1], _cut(row[-1], width - before)) for row in rows]
    right = frozenset(column for column, name in enumerate(rows[0]) if name in _NUMBERS)
    return figures.columns(rows[0], rows[1:], right)


def _cut(command: str, room: int) -> str:
    """At most `room` characters, the number of the process always among them."""
    process = found[0] if (found := _PROCESS.search(command)) else ""
    if len(command) <= room or not process:
        return command
    return process.strip() if room < _LEAST else f"{command[: room - len(process) - 1]}…{process}"


def _stream(info: StreamInfo) -> tuple[str, ...]:
    known = info.frames or info.age_s is not None  # one that cannot be asked tells no figures
    return (
        info.name,
        _address(info),
        _word(info),
        figures.rate(info.rate) if known else "–",
        figures.age(info.age_s if info.live else None),
        f"{info.frames:,}" if known else "–",
        str(len(info.readers)),
        f"{ports.brief(info.command)} ({info.pid})" if info.pid else "",
    )


def _word(info: StreamInfo) -> str:
    """How it is; frames that come from a program's own loop speak for themselves, and their absence says nothing."""
    if info.state is not None:
        return info.state.state
    return "live" if info.live and info.rate else ""


def _troubles(flow: FlowInfo) -> Iterator[str]:
    """Of each stream where there are several, else of the flow."""
    states = flow.states if len(flow.states) > 1 else {flow.reads: flow.state}
    yield from (f"{name} {trouble(state)}" for name, state in states.items() if state is not None and state.why)


def _state(flow: FlowInfo) -> str:
    """In a word; where some streams are worse than others, how many."""
    if flow.state is None:
        return ""
    word = flow.state.state
    alike = sum(state.state == word for state in flow.states.values())
    return word if alike == len(flow.states) else f"{alike} of {len(flow.states)} {word}"


def _flow(flow: FlowInfo) -> tuple[str, ...]:
    return (
        flow.reads,
        flow.into,
        _state(flow),
        figures.rate(flow.rate),
        figures.age(flow.age_s),
        f"{flow.frames:,}",
        f"{flow.missed:,}",
        f"{ports.brief(flow.command)} ({flow.pid})",
    )


def _address(info: StreamInfo) -> str:
    """Where it is read: with its name where the address is that of all shared memory."""
    return f"shm://{info.name}" if info.kind == "shm" else info.address


def _readers(streams: Sequence[StreamInfo]) -> Iterator[tuple[str, ...]]:
    """Every reader of every publisher once."""
    for info in {(info.address, info.pid): info for info in streams}.values():
        for reader in info.readers:
            yield _reader(info.address, reader)


def _who(reader: ReaderInfo) -> str:
    """Its name where it has one, and its process where that is known."""
    if not reader.command or not valid_name(reader.name):
        return ports.brief(reader.name)
    return f"{reader.name}: {ports.brief(reader.command)}" + (f" ({reader.pid})" if reader.pid else "")


def _reader(address: str, reader: ReaderInfo) -> tuple[str, ...]:
    return (
        address,
        "every frame" if reader.keep == "all" else "the newest",
        f"{reader.missed:,}",
        f"{reader.owed:,}",
        figures.count(reader.credit, "frame"),
        _who(reader) + (" (away)" if reader.away else ""),
    )
