"""What is in an input: a file, read at once; an object of a store, taken to this machine where readers want a file."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from framebus.batch.reading.image_headers import is_video, kind_of
from framebus.batch.stores import objects
from framebus.batch.stores.urls import is_url, shown
from framebus.core.errors import BadFrame

_BY_PATH = ("tiff", None)
"""Kinds of files whose readers want more than their bytes: pages, and to say what a file is instead of a picture."""


def fetched(path: str) -> AbstractContextManager[tuple[str, bytes | None]]:
    """Where readers find the input at `path`, and what is in it: None for a video, which is read piece by piece.

    Raises `BadFrame` that does not repeat the path, and `Unavailable` for a store that cannot be reached.
    """
    video = is_video(path)
    if is_url(path):
        return _from_store(path, video=video)
    return nullcontext((path, None if video else load(path)))


@contextmanager
def _from_store(path: str, *, video: bool) -> Iterator[tuple[str, bytes | None]]:
    data = objects.read(path)
    if not video and kind_of(data) not in _BY_PATH:
        yield path, data
        return
    with _copied(path, data) as local:
        yield local, None if video else data


@contextmanager
def _copied(url: str, data: bytes) -> Iterator[str]:
    """A file of this machine, for as long as it is read."""
    with tempfile.TemporaryDirectory(prefix="framebus-") as folder:
        local = os.path.join(folder, "input" + os.path.splitext(url)[1])
        with open(local, "wb") as file:
            file.write(data)
        try:
            yield local
        except BadFrame as error:
            raise BadFrame(str(error).replace(local, shown(url))) from error


def load(path: str) -> bytes:
    """What is in the file; raises `BadFrame` that does not repeat the path."""
    try:
        # A pipe would be waited for, so nothing is waited for, and only files are read.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0))
    except FileNotFoundError as error:
        raise BadFrame(_gone(path)) from error
    except (OSError, ValueError) as error:
        raise BadFrame(f"it cannot be read: {getattr(error, 'strerror', None) or error}") from error
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise BadFrame("it is no file but a folder, a pipe or a device")
        return _all(descriptor, found.st_size)
    except OSError as error:
        raise BadFrame(f"it cannot be read: {error.strerror or error}") from error
    finally:
        os.close(descriptor)


def _all(descriptor: int, size: int) -> bytes:
    """What is in a file of about `size` bytes."""
    first = os.read(descriptor, size + 1)
    if len(first) == size:  # one more was asked for: that is its end
        return first
    parts = [first]
    while part := os.read(descriptor, 1 << 20):
        parts.append(part)
    return b"".join(parts)


def _gone(path: str) -> str:
    try:
        return f"it is a link to {os.readlink(path)}, which is not there"
    except OSError:
        return "it is not there any more"
