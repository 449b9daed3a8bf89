"""Which recordings have to go: those too old, and the oldest where there are too many or the disk is too full. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from framebus.record.recording_names import Found


class Retention(msgspec.Struct, frozen=True):
    """What is kept; None and 0 limit nothing."""

    max_age_s: float | None = None
    max_bytes: int | None = None
    reserve: int = 0
    """Bytes of the disk to leave free."""
    max_files: int | None = None

    @property
    def unlimited(self) -> bool:
        """True where nothing is ever removed."""
        return self.max_age_s is None and self.max_bytes is None and self.max_files is None and not self.reserve

    def superfluous(self, files: Iterable[Found], open_: Iterable[str], now_ns: int, free: int) -> Iterator[Found]:
        """Those of `files`, the oldest first, that have to go; never one that is written now (`open_`)."""
        files, busy = list(files), set(open_)
        total, count = sum(file.nbytes for file in files), len(files)
        for file in files:
            if file.path in busy:
                continue
            old = self.max_age_s is not None and now_ns - file.modified_ns > self.max_age_s * 1e9
            large = self.max_bytes is not None and total > self.max_bytes
            many = self.max_files is not None and count > self.max_files
            if not (old or large or many or free < self.reserve):
                return
            total -= file.nbytes
            count -= 1
            free += file.nbytes
            yield file
