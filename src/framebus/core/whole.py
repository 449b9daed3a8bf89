"""Files that are there whole or not at all: written beside, then renamed."""

from __future__ import annotations

import os
from contextlib import suppress
from types import TracebackType

Path = str | os.PathLike[str]


class whole:  # noqa: N801  (used like a function, and as quick: it is entered for every picture of a folder)
    """Make the file `partial` in the block: left normally, it becomes `target`; otherwise nothing of it is left.

    Replaces a file called `target`, in the same folder. What has to be forced to the disk is the block's to force,
    before it is left, and its folder's name afterwards. Lets errors through, `OSError` of the renaming among them.
    """

    __slots__ = ("_partial", "_target")

    def __init__(self, target: Path, partial: Path) -> None:
        self._target, self._partial = target, partial

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                os.replace(self._partial, self._target)
                return
        except BaseException:
            self._remove()
            raise
        self._remove()

    def _remove(self) -> None:
        with suppress(OSError):
            os.unlink(self._partial)
