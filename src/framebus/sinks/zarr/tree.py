"""A folder of files that are there whole or not at all, under a partial name until something is in it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator

from framebus.core.errors import Unavailable
from framebus.core.whole import whole
from framebus.sinks.claim import Claim
from framebus.sinks.growing import partial_of
from framebus.sinks.place import PARTIAL, saying, sync_folder, write_new


class Tree:
    """The folder `path`, claimed for this writer until `close`.

    resume  go on with the folder that is there
    fsync   force everything to the disk before `put` returns

    Not thread-safe. Raises `Unavailable` when it cannot be made, or another recorder writes it.
    """

    def __init__(self, path: str, *, resume: bool = False, fsync: bool = False) -> None:
        self.path = path
        self.root = path if resume else partial_of(path)
        """Where it is now."""
        self.named = resume
        self.fsync = fsync
        with saying(os.path.dirname(path) or "."):
            os.makedirs(self.root, exist_ok=True)
            self._descriptor = os.open(self.root, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            Claim(self._descriptor, path)
        except BaseException:
            os.close(self._descriptor)  # and no more: it is another recorder's
            raise
        try:
            if not resume:
                self._empty()
        except BaseException:
            self.close()
            raise

    @property
    def gone(self) -> bool:
        """Whether somebody removed it."""
        return os.fstat(self._descriptor).st_nlink == 0

    def put(self, name: str, data: bytes | memoryview) -> None:
        """Write the file `name`, with `/` between folders, which are made. Raises `OSError`."""
        if self.gone:
            raise Unavailable(f"{self.path} was removed while it was written: start again")
        target = os.path.join(self.root, name)
        folder, base = os.path.split(target)
        os.makedirs(folder, exist_ok=True)
        partial = os.path.join(folder, f".{base}{PARTIAL}")
        with whole(target, partial):
            write_new(partial, data, fsync=self.fsync)
        if self.fsync:
            sync_folder(folder)

    def settle(self, replaceable: Callable[[str], bool]) -> None:
        """Give the folder its name; what has it is removed, where it is `replaceable`. Raises `OSError`."""
        if os.path.lexists(self.path):
            if not replaceable(self.path):
                raise Unavailable(
                    f"{self.path} is there and was not recorded by framebus: remove it, or choose another name"
                )
            remove(self.path)
        os.replace(self.root, self.path)
        self.root, self.named = self.path, True
        if self.fsync:
            sync_folder(os.path.dirname(self.path) or ".")

    def close(self) -> None:
        """Let others have it; one that never got its name is removed. Idempotent."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)
            if not self.named:
                shutil.rmtree(self.root, ignore_errors=True)

    def _empty(self) -> None:
        for entry in list(os.scandir(self.root)):
            remove(entry.path)


def leftovers(root: str) -> Iterator[str]:
    """What a recorder that was killed was just writing."""
    for folder, _, names in os.walk(root):
        yield from (os.path.join(folder, name) for name in names if name[:1] == "." and name.endswith(PARTIAL))


def remove(path: str) -> None:
    """Remove a file, or a folder with all that is in it; a link, not what it leads to. Raises `OSError`."""
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    else:
        os.unlink(path)


def size(path: str) -> int:
    """How many bytes are in a file, or in all files of a folder. Raises `OSError`."""
    if not os.path.isdir(path):
        return os.path.getsize(path)
    return sum(_size(os.path.join(folder, name)) for folder, _, names in os.walk(path) for name in names)


def _size(path: str) -> int:
    """Of one file; nothing where it is not there any more: partial files get their names while others look."""
    try:
        return os.path.getsize(path)
    except FileNotFoundError:
        return 0
