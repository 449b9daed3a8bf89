"""What is in a recording, for `framebus info`: as plain data, and as text."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import msgspec
import numpy as np

from framebus.cli import figures
from framebus.core.errors import BadFrame
from framebus.core.redaction import redact
from framebus.record.inspecting import EXTENSIONS, inspect
from framebus.record.recorded import Gap, Look, Recorded, Recording

VIDEO = (".mp4", ".mkv")
"""Not continued: after a restart the next file is."""
SHOWN_GAPS = 5
"""How many gaps of a stream the text lists, the longest."""


def looks_like_one(place: str) -> bool:
    """Whether something is there that has the name of a recording."""
    return place.rstrip("/").lower().endswith(EXTENSIONS) and os.path.exists(place)


def facts(place: str) -> dict[str, Any]:
    """What is in the recording at `place`, JSON-able; raises `BadFrame` where framebus did not record it."""
    recording = inspect(place)
    return {"address": redact(place), "kind": "recording", **msgspec.to_builtins(recording)}


def text(found: Mapping[str, Any]) -> str:
    """The same for people."""
    recording = msgspec.convert(found, Recording)
    rows = [_row(stream) for stream in recording.streams]
    head = ("STREAM", "FRAMES", "RUNS", "LEFT OUT", "PICTURES", "FROM", "LASTS")
    lines = [f"{found['address']} · {figures.size(recording.nbytes)} · {_state(recording)}"]
    lines += figures.columns(head, rows, frozenset({1, 2, 3}))
    for stream in recording.streams:
        lines += _gaps(stream)
    if any(stream.missing for stream in recording.streams):
        lines.append("left out: lost on the way, or not wanted by who recorded it (max_fps, an op)")
    return "\n".join(lines)


def without_name(error: BadFrame, place: str) -> str:
    """What an error says of `place`, to stand beside its name."""
    return str(error).removeprefix(f"{place} is ")


def _state(recording: Recording) -> str:
    if recording.busy:
        return "is being written"
    if recording.whole:
        return "whole"
    where = "in the next file" if recording.path.endswith(VIDEO) else "with it"
    repair = f"framebus doctor {recording.path} --repair makes an ordinary file of it"
    return f"was cut off: its recorder, started again, goes on {where}; {repair}"


def _row(stream: Recorded) -> tuple[str, ...]:
    return (
        stream.stream,
        f"{stream.frames:,}",
        f"{stream.runs:,}",
        f"{stream.missing:,}",
        ", ".join(map(_look, stream.looks)),
        _time(stream.begins_ns),
        figures.span(stream.lasts_s),
    )


def _look(look: Look) -> str:
    form = look.form
    height, width = (*form.shape, 1)[:2]
    if form.format == "i420":
        height = height * 2 // 3
    size = "x".join(map(str, form.shape)) if form.format == "array" else f"{width}x{height}"
    return " ".join(filter(None, (size, form.format, form.dtype and np.dtype(form.dtype).name)))


def _gaps(stream: Recorded) -> Iterator[str]:
    longest = sorted(stream.gaps, key=lambda gap: -gap.frames)[:SHOWN_GAPS]
    if longest:
        yield f"left out of {stream.stream}, the longest gaps:"
    yield from map(_gap, longest)


def _gap(gap: Gap) -> str:
    return f"  {figures.count(gap.frames, 'frame')} after #{gap.after} of {_time(gap.at_ns)}"


def _time(ns: int) -> str:
    """Local, with milliseconds and the distance to UTC."""
    return datetime.fromtimestamp(ns * 1e-9).astimezone().isoformat(" ", "milliseconds")
