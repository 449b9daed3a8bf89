"""How much memory this process may still take: the machine's, and what its control groups leave it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

RESERVE_BYTES = 64 << 20
RESERVE_PART = 20
"""One part in so many of all memory is left to others."""

_PROC = Path("/proc")
_GROUPS = Path("/sys/fs/cgroup")
_NO_LIMIT = 1 << 60
"""The first version of control groups writes a number near 2**63 for no limit."""


def available_bytes(proc: Path = _PROC, groups: Path = _GROUPS) -> int:
    """Bytes that can be taken now without swapping or being killed for it; a very large number where nobody says.

    About 0.1 ms. Counts what the kernel can drop (file caches) as available, in control groups too.
    """
    machine = _fields(proc / "meminfo").get("MemAvailable:", _NO_LIMIT >> 10) << 10
    return max(0, min([machine, *(limit - used for limit, used in _limits(proc, groups))]))


def reserve_bytes(proc: Path = _PROC, groups: Path = _GROUPS) -> int:
    """What has to stay free for everybody else: 64 MB, or 5 % of what this process may have at most."""
    machine = _fields(proc / "meminfo").get("MemTotal:", 0) << 10
    total = min([machine, *(limit for limit, _ in _limits(proc, groups))])
    return max(RESERVE_BYTES, total // RESERVE_PART) if total > 4 * RESERVE_BYTES else total // 4


def _limits(proc: Path, groups: Path) -> Iterator[tuple[int, int]]:
    """Limit and use of every control group around this process that has a limit."""
    for line in _text(proc / "self/cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        if not controllers:
            yield from _walk(groups, path, "memory.max", "memory.current", "inactive_file")
        elif "memory" in controllers.split(","):
            names = "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"
            yield from _walk(groups / "memory", path, *names)


def _walk(root: Path, path: str, limit: str, use: str, cache: str) -> Iterator[tuple[int, int]]:
    """From this process's own group up; in a container, its path may be one of the world outside."""
    folder = root / path.strip("/")
    folder = folder if folder.is_dir() and ".." not in folder.parts else root
    for group in [folder, *folder.parents][: len(folder.parts) - len(root.parts) + 1]:
        most = _text(group / limit).strip()
        if most.isdigit() and int(most) < _NO_LIMIT:
            used = _text(group / use).strip()
            yield int(most), max(0, int(used or 0) - _fields(group / "memory.stat").get(cache, 0))


def _fields(file: Path) -> dict[str, int]:
    """Names and numbers of a file with one of each per line."""
    words = (line.split() for line in _text(file).splitlines())
    return {found[0]: int(found[1]) for found in words if len(found) > 1 and found[1].isdigit()}


def _text(file: Path) -> str:
    if sys.platform != "linux":
        return ""
    try:
        return file.read_text("ascii", "replace")
    except OSError:
        return ""
