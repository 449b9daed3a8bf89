"""A frame on its way to a service: numbered by the one who asks, its own identity kept in `meta`.

The asker's own numbers make each question one of its kind, though the same frame be asked twice or by two people.
"""

from __future__ import annotations

import re

from framebus.core.contracts import Item
from framebus.core.frame import NO_META, Frame

KEY = "fb.asked"
_ORIGIN = re.compile(r"([0-9a-f]{1,16}) (\d{1,16}) (\d{1,16}) ([a-z0-9-]{1,16}) ([A-Za-z0-9._-]{0,64})", re.ASCII)


def question(frame: Frame, stream: str, run: int, number: int) -> Frame:
    """`frame` as question `number` of the asker's `stream` and `run`; pixels are shared."""
    origin = f"{frame.run:x} {frame.seq} {frame.missed} {frame.wanted or '-'} {frame.stream}"
    return frame.replace(stream=stream, run=run, seq=number, missed=0, wanted="", meta={**frame.meta, KEY: origin})


def original(frame: Frame) -> Frame:
    """The frame as it was before it became a question; `frame` itself where it is none."""
    found = _ORIGIN.fullmatch(text) if isinstance(text := frame.meta.get(KEY), str) else None
    if found is None:  # it may come from a stranger
        return frame
    run, seq, missed, wanted, stream = found.groups()
    meta = {name: value for name, value in frame.meta.items() if name != KEY} or NO_META
    wanted = "" if wanted == "-" else wanted
    return frame.replace(stream=stream, run=int(run, 16), seq=int(seq), missed=int(missed), wanted=wanted, meta=meta)


def named(frame: Item) -> str:
    """How people know a frame: `frame 7 of door`; `the frame` where it has no identity."""
    if not frame.run and not frame.stream:
        return "the frame"
    return f"frame {frame.seq} of {frame.stream or 'the source'}"
