"""When each picture of a video file is shown, from times that may jump. Pure."""

from __future__ import annotations

TICK_NS = 1000
"""One tick of a video file: a microsecond."""
_LONGEST = 1_800_000_000
"""Ticks: files keep the length of a picture in 32 bits."""


class Timeline:
    """Decoding and showing times in ticks from 0, always growing.

    Where the clock goes back a picture follows the one before at once; a pause of more than half an hour lasts half
    an hour. `play_fps` shows pictures evenly instead, whenever they were captured.
    """

    def __init__(self, play_fps: float | None = None) -> None:
        self._even = round(1e9 / TICK_NS / play_fps) if play_fps else 0
        self._before_ns: int | None = None
        self._ticks = 0

    def next(self, dts_ns: int, pts_ns: int) -> tuple[int, int]:
        """`(dts, pts)` in ticks of the next picture in the order of decoding."""
        if self._before_ns is not None:
            passed = self._even or (dts_ns - self._before_ns) // TICK_NS
            self._ticks += min(max(1, passed), _LONGEST)
        self._before_ns = dts_ns
        later = max(0, pts_ns - dts_ns) // TICK_NS
        return self._ticks, self._ticks + min(later, _LONGEST)
