"""What is in a recording, for `framebus info`: as plain data, and as text."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
import numpy as np

from framebus.cli import figures
from framebus.core.errors import BadFrame
from framebus.core.redaction import redact
from framebus.record.inspecting import EXTENSIONS, inspect
from framebus.record.recorded import Gap, Look, Recorded, Recording
from framebus.sources.folder.natural_order import natural

VIDEO = (".mp4", ".mkv")
"""Not continued: after a restart the next file is."""
PICTURES = (".tif", ".tiff")
"""Most files of this kind are photographs."""
_HEAD = ("STREAM", "FRAMES", "RUNS", "LOST", "LEFT OUT", "PICTURES", "FROM", "LASTS")
SHOWN_GAPS = 5
"""How many losses of a stream the text lists, the first, and how many gaps, the longest."""


def looks_like_one(place: str) -> bool:
    """Whether something is there that has the name of a recording."""
    return place.rstrip("/").lower().endswith(EXTENSIONS) and os.path.exists(place)


def facts(place: str) -> dict[str, Any]:
    """What is in the recording at `place`, JSON-able; raises `BadFrame` where framebus did not record it."""
    recording = inspect(place)
    return {"address": redact(place), "kind": "recording", **msgspec.to_builtins(recording)}


def named_by(place: str) -> list[str]:
    """The recordings that a glob names, or that lie in a folder; none where `place` is one file, or names pictures."""
    if looks_like_one(place):
        return []
    pattern = os.path.join(glob.escape(place), "*") if os.path.isdir(place) else place
    found = sorted(filter(looks_like_one, glob.glob(pattern, recursive=True)), key=natural)
    pictures = bool(found) and found[0].lower().endswith(PICTURES) and _facts_or_why(found[0])["kind"] == "file"
    return [] if pictures else found


def facts_of_all(place: str, paths: Sequence[str]) -> dict[str, Any]:
    """What is in each of the recordings at `paths`, JSON-able; of a file that is none, why."""
    return {"address": redact(place), "kind": "recordings", "recordings": [_facts_or_why(path) for path in paths]}


def _facts_or_why(path: str) -> dict[str, Any]:
    try:
        return facts(path)
    except BadFrame as error:
        return {"address": redact(path), "kind": "file", "recording": without_name(error, path)}


def text_of_all(found: Mapping[str, Any]) -> str:
    """The same for people: a line for each stream of each file."""
    kept = [one for one in found["recordings"] if one["kind"] == "recording"]
    recordings = [msgspec.convert(one, Recording) for one in kept]
    rows = [(one.path, *_row(stream)) for one in recordings for stream in one.streams]
    nbytes = figures.size(sum(one.nbytes for one in recordings))
    lines = [f"{found['address']} · {figures.count(len(recordings), 'recording')} · {nbytes}"]
    lines += figures.columns(("FILE", *_HEAD), rows, frozenset({2, 3, 4, 5})) if rows else []
    lines += [f"{one.path} {_state(one)}" for one in recordings if not one.whole]
    lines += [f"{one['address']} is {one['recording']}" for one in found["recordings"] if one["kind"] == "file"]
    return "\n".join([*lines, *_why_left_out(recordings)])


def _why_left_out(recordings: Sequence[Recording]) -> list[str]:
    streams = [stream for one in recordings for stream in one.streams if stream.left_out]
    if not streams:
        return []
    lost = "lost on the way where the recording does not say (–), or " * any(stream.untold for stream in streams)
    return [f"left out: {lost}not wanted by who recorded it (max_fps, an op), or sent while nobody recorded"]


def text(found: Mapping[str, Any]) -> str:
    """The same for people."""
    recording = msgspec.convert(found, Recording)
    rows = [_row(stream) for stream in recording.streams]
    lines = [f"{found['address']} · {figures.size(recording.nbytes)} · {_state(recording)}"]
    lines += figures.columns(_HEAD, rows, frozenset({1, 2, 3, 4}))
    for stream in recording.streams:
        lines += [*_losses(stream), *_gaps(stream)]
    return "\n".join([*lines, *_why_left_out([recording])])


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
        f"{stream.lost:,}" if stream.untold < stream.frames else "–",
        f"{stream.left_out:,}",
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


def _losses(stream: Recorded) -> Iterator[str]:
    if stream.losses:
        yield f"lost of {stream.stream}, the first of them:"
    for loss in stream.losses[:SHOWN_GAPS]:
        yield f"  {figures.count(loss.frames, 'frame')} before #{loss.before} of {_time(loss.at_ns)}"
    if 0 < stream.untold < stream.frames:
        yield f"  what was lost before {figures.count(stream.untold, 'frame')} of {stream.stream} is not known"


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
