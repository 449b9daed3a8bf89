"""Files that are there whole or not at all: written beside, then renamed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def whole(target: str | os.PathLike[str], partial: str | os.PathLike[str]) -> Iterator[None]:
    """Make the file `partial` in the block: left normally, it becomes `target`; otherwise nothing of it is left.

    Replaces a file called `target`, in the same folder. What has to be forced to the disk is the block's to force,
    before it is left, and its folder's name afterwards. Lets errors through, `OSError` of the renaming among them.
    """
    try:
        yield
        os.replace(partial, target)
    except BaseException:
        with suppress(OSError):
            os.unlink(partial)
        raise
