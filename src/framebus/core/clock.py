"""The clocks of a frame: UTC for people, monotonic for latency on one machine, and the boot that counts it.

Latency measured on the capturing machine never depends on wall clocks; between machines it is as good as theirs
agree.
"""

from __future__ import annotations

import math
import time
from functools import cache

_LINUX_BOOT_ID = "/proc/sys/kernel/random/boot_id"
_FALLBACK_GRAIN_NS = 60 * 10**9


def utc_ns() -> int:
    """Nanoseconds since 1970-01-01 UTC by this machine's clock."""
    return time.time_ns()


def mono_ns() -> int:
    """Monotonic nanoseconds, the same clock in every process of this boot."""
    return time.monotonic_ns()


@cache
def boot_id() -> str:
    """A text that is the same in all processes of this boot and differs after a reboot or on another machine.

    Linux says it; elsewhere the host's name and the minute it started do, and where two processes disagree
    about that minute `age_s` merely falls back to UTC.
    """
    try:
        with open(_LINUX_BOOT_ID, encoding="ascii") as file:
            return file.read().strip()
    except OSError:
        return _estimated_boot_id()


def _estimated_boot_id() -> str:
    import platform

    started = (time.time_ns() - time.monotonic_ns()) // _FALLBACK_GRAIN_NS
    return f"{platform.node()}-{started}"


def age_s(captured_ns: int, captured_mono_ns: int, clock: str) -> float:
    """Seconds since capture: by the monotonic clock when `clock` is this boot, else by UTC.

    Negative when the capturing machine's UTC is ahead of ours; `nan` when the frame does not say when it was
    taken (`captured_ns` 0).
    """
    if clock and clock == boot_id():
        return (time.monotonic_ns() - captured_mono_ns) * 1e-9
    if captured_ns == 0:
        return math.nan
    return (time.time_ns() - captured_ns) * 1e-9
