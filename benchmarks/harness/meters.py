"""CPU time and memory of whole processes, read from outside them at the moments that matter."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path


def cpu_ns(pid: int) -> int:
    """User plus system time of all threads of `pid` so far, in nanoseconds (the kernel's own counter)."""
    return time.clock_gettime_ns((~pid << 3) | 2)  # clock_getcpuclockid(3), spelled out


def cpu_seconds(pids: Sequence[int]) -> float:
    """User plus system time of several processes together."""
    return sum(map(cpu_ns, pids)) / 1e9


class MemoryMeter:
    """How much the resident memory of some processes grew, at its peak, since the meter was started.

    Pages that several of them share count once.
    """

    def __init__(self, pids: Sequence[int]) -> None:
        self._pids = tuple(pids)
        for pid in self._pids:
            with suppress(FileNotFoundError):
                Path(f"/proc/{pid}/clear_refs").write_text("5")  # resets the peak to what is resident now
        self._start = sum(resident_kb(pid, "VmRSS") for pid in self._pids) - self._counted_twice_kb()

    def peak_mb(self) -> float:
        """Growth at the peak, all processes together, in megabytes."""
        peak = sum(resident_kb(pid, "VmHWM") for pid in self._pids) - self._counted_twice_kb()
        return max(0.0, (peak - self._start) * 1024 / 1e6)

    def _counted_twice_kb(self) -> int:
        return sum(_shared_with_others_kb(pid) for pid in self._pids)


def _shared_with_others_kb(pid: int) -> int:
    """Shared memory of `pid` that belongs to other processes' share: mapped here, and there too."""
    with suppress(FileNotFoundError):
        lines = (line.split() for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:])
        kb = {line[0]: int(line[1]) for line in lines}
        return resident_kb(pid, "RssShmem") - kb["Pss_Shmem:"]
    raise ProcessLookupError(f"process {pid} has no memory map: it ended")


def resident_kb(pid: int, field: str = "VmRSS") -> int:
    """Resident memory of `pid` in KiB; `VmHWM` is its peak. Raises `ProcessLookupError` when it has ended."""
    with suppress(FileNotFoundError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith(field):
                return int(line.split()[1])
    raise ProcessLookupError(f"process {pid} has no {field}: it ended")


def thread_cpu_ns(pid: int) -> dict[int, int]:
    """CPU time of every thread of `pid` so far, by the kernel's thread id, in nanoseconds."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return {int(task.name): int((task / "schedstat").read_text().split()[0]) for task in tasks}
