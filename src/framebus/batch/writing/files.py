"""Files that appear whole or not at all: written under a partial name of this process alone, then renamed."""

from __future__ import annotations

import errno
import hashlib
import os
import secrets

from framebus.batch.recipe import Recipe
from framebus.batch.stores.object_files import ObjectFiles, occupied
from framebus.batch.stores.urls import is_url
from framebus.core.errors import BadFrame, Unavailable
from framebus.core.whole import whole
from framebus.sinks.place import PARTIAL, sync_folder, write_new

_ENDS_THE_JOB = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO})
"""What will meet every further file as well."""
_LONGEST_NAME = 255


class Files:
    """Puts files below the folder `root`, which exists. Used by one thread; several processes may share the folder.

    `began_ns` is when the job first began (by the clock of the files): files older than that are not the job's, and
    are left alone unless `overwrite`.
    """

    def __init__(self, root: str, *, began_ns: int = 0, overwrite: bool = False, fsync: bool = False) -> None:
        self._root = root
        self._real = os.path.realpath(root)
        self._began_ns = 0 if overwrite else began_ns
        self._fsync = fsync
        self._token = secrets.token_hex(4)
        self._inside = ""

    def check_free(self, name: str, *, planned: bool = False) -> None:
        """Raise `BadFrame` where a file is called `name` that is not the job's, whether that was `planned` or not."""
        try:
            there = os.lstat(os.path.join(self._root, name))
        except OSError:
            return
        if there.st_mtime_ns < self._began_ns:
            raise BadFrame(occupied(os.path.join(self._root, name)))

    def put(self, name: str, data: bytes | memoryview) -> None:
        """Write `data` to the path `name` below the root, in place of what is there.

        Raises `Unavailable` where the disk is full or may not be written to, and `BadFrame` for a name that cannot
        be; nothing is left behind then.
        """
        inner, _, base = name.rpartition("/")
        folder = os.path.join(self._root, inner) if inner else self._root
        target, partial = f"{folder}/{base}", f"{folder}/{self._partial(base)}"
        try:
            self._enter(folder)
            with whole(target, partial):
                write_new(partial, data, fsync=self._fsync)
            if self._fsync:
                sync_folder(folder)
        except Unavailable:
            raise
        except OSError as error:
            raise _explained(error, target, len(data)) from error

    def _partial(self, base: str) -> str:
        name = f".{base}.{self._token}{PARTIAL}"
        if len(os.fsencode(name)) <= _LONGEST_NAME:
            return name
        short = hashlib.blake2b(os.fsencode(base), digest_size=8).hexdigest()
        return f".{short}.{self._token}{PARTIAL}"

    def _enter(self, folder: str) -> None:
        """Make the folder, and see once that it is inside the root; inputs come folder by folder."""
        if folder == self._inside:
            return
        os.makedirs(folder, exist_ok=True)
        real = os.path.realpath(folder)
        if real != self._real and not real.startswith(os.path.join(self._real, "")):
            raise Unavailable(f"{folder} leads out of {self._root} to {real}: remove the link there")
        self._inside = folder


def files_at(root: str, recipe: Recipe) -> Files | ObjectFiles:
    """Who puts the outputs of a job below `root`, a folder or the URL of one in a store."""
    if is_url(root):
        return ObjectFiles(root, recipe.kept_since_ns)
    return Files(root, began_ns=recipe.began_ns, overwrite=recipe.overwrite, fsync=recipe.fsync)


def is_partial(base: str) -> bool:
    """True for the name of a file that was being written."""
    return base.startswith(".") and base.endswith(PARTIAL)


def _explained(error: OSError, target: str, nbytes: int) -> Exception:
    why = error.strerror or str(error)
    text = f"{target} cannot be written ({nbytes:,} bytes): {why}"
    if error.errno in _ENDS_THE_JOB:
        return Unavailable(f"{text}: make room, or choose another folder")
    return BadFrame(text)
