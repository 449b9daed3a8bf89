"""The options of recordings: how they are coded, when a new file begins, what is kept, what is played."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from framebus.core import moments, units, values
from framebus.core.names import valid_pattern
from framebus.core.option import Option

PRESETS = ("ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow")
COMPRESSIONS = ("lz4", "gzip")


def rotation(value: Any) -> tuple[float, float]:
    """`"10min"`, `"2GB"` or `"10min,2GB"` as seconds and bytes; infinity where one is not limited.

    That pair itself is one, too: options may be checked on every floor they pass.
    """
    if isinstance(value, tuple):
        found = [value]
    else:
        found = [_limit(part.strip()) for part in value.split(",")] if isinstance(value, str) else [_limit(value)]
    seconds = min(seconds for seconds, _ in found)
    nbytes = min(nbytes for _, nbytes in found)
    if len(found) > 2 or not seconds > 0 or not nbytes > 0:
        raise ValueError
    return seconds, nbytes


def _limit(value: Any) -> tuple[float, float]:
    if isinstance(value, str) and value.lower().endswith("b"):
        return math.inf, units.nbytes(value)
    return units.duration(value), math.inf


def pattern(value: Any) -> str:
    """A name, or the beginning of names with `*`."""
    if isinstance(value, str) and valid_pattern(value):
        return value
    raise ValueError


def function(value: Any) -> str | Callable[..., Any]:
    """A callable, or a text that names one."""
    if callable(value) or (isinstance(value, str) and value):
        return value  # type: ignore[no-any-return]
    raise ValueError


RECORD_OPTIONS = (
    Option(
        name="start",
        group="read",
        parse=moments.parse,
        metavar="MOMENT",
        default_text="the beginning",
        allowed=moments.MOMENTS,
        help="begin a recording there",
    ),
    Option(
        name="stop",
        group="read",
        parse=moments.parse,
        metavar="MOMENT",
        default_text="the end",
        allowed=moments.MOMENTS,
        help="end a recording before there",
    ),
    Option(
        name="streams",
        group="read",
        parse=pattern,
        metavar="NAME",
        default_text="all",
        allowed="the name of a stream, or the beginning of names with a star ('yard-*')",
        help="which streams of a recording",
    ),
    Option(
        name="rotate",
        group="write",
        parse=rotation,
        metavar="TIME|BYTES",
        default_text="never",
        allowed=f"{units.DURATIONS}, bytes ('2GB'), or both ('10min,2GB')",
        help="begin a new file after so much time, or so many bytes",
    ),
    Option(
        name="max_age",
        group="write",
        parse=values.some_time,
        metavar="TIME",
        default_text="for ever",
        allowed=f"{units.DURATIONS}, above 0",
        help="remove recordings of the same names that are older",
    ),
    Option(
        name="max_size",
        group="write",
        parse=units.nbytes,
        metavar="BYTES",
        default_text="as much as there is room for",
        allowed=units.BYTES,
        help="remove the oldest recordings of the same names while all together are larger",
    ),
    Option(
        name="max_files",
        group="write",
        parse=values.count,
        metavar="N",
        default_text="any number",
        allowed="a whole number from 1",
        help="remove the oldest recordings of the same names while there are more, the one being written included",
    ),
    Option(
        name="reserve",
        group="write",
        parse=units.nbytes,
        default=0,
        default_text="nothing",
        metavar="BYTES",
        allowed=units.BYTES,
        help="leave so much of the disk free: the oldest recordings of the same names go first, then recording stops",
    ),
    Option(
        name="compress",
        group="write",
        parse=values.choice(*COMPRESSIONS),
        choices=COMPRESSIONS,
        default_text="not at all",
        allowed="'lz4' (fast) or 'gzip' (read by everything)",
        help="compress recorded arrays, without loss and on several cores",
    ),
    Option(
        name="preset",
        group="write",
        parse=values.choice(*PRESETS),
        choices=PRESETS,
        default="veryfast",
        default_text="veryfast",
        allowed=f"one of {', '.join(PRESETS)}",
        help="how hard the video encoder tries: slower makes smaller files",
    ),
    Option(
        name="play_fps",
        group="write",
        parse=values.positive,
        metavar="N",
        default_text="as they were captured",
        allowed="a number above 0",
        help="how fast players show the frames of a video file",
    ),
    Option(
        name="around",
        group="write",
        parse=function,
        metavar="FUNCTION",
        default_text="everything",
        allowed="a function of a frame that says whether something happens: 'file.py:name' or 'module:name'",
        help="record only around the frames for which this function answers true",
    ),
    Option(
        name="before",
        group="write",
        parse=units.duration,
        default=5,
        default_text="5s",
        metavar="TIME",
        allowed=units.DURATIONS,
        help="how much is recorded from before such a frame",
    ),
    Option(
        name="after",
        group="write",
        parse=units.duration,
        default=5,
        default_text="5s",
        metavar="TIME",
        allowed=units.DURATIONS,
        help="how much is recorded after the last such frame",
    ),
)
