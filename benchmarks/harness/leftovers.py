"""What killed processes leave in shared memory, where their library has no name of ours to find it by."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

FOLDER = Path("/dev/shm")  # noqa: S108  the kernel's place, not a temporary file's


class Leftovers:
    """Our files of a name like `pattern` that appear from now on, and that no process has mapped in the end."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._before = self._there()

    def remove(self) -> None:
        """Remove them; files that were there before, or that somebody uses, stay."""
        for path in self._there() - self._before - _mapped():
            path.unlink(missing_ok=True)

    def _there(self) -> set[Path]:
        return {path for path in FOLDER.glob(self._pattern) if _is_ours(path)}


def _is_ours(path: Path) -> bool:
    with suppress(FileNotFoundError):
        return path.stat().st_uid == os.getuid()
    return False


def _mapped() -> set[Path]:
    """Every file in shared memory that some process has mapped."""
    found: set[Path] = set()
    for maps in Path("/proc").glob("[0-9]*/maps"):
        with suppress(OSError):  # of another user, or gone
            lines = maps.read_text().splitlines()
            found |= {Path(line.split(maxsplit=5)[5]) for line in lines if f" {FOLDER}/" in line}
    return found
