"""What is in a TIFF recording, whole or not, without changing it; and how what a dead recorder left is removed."""

from __future__ import annotations

import os
from collections.abc import Iterator

from framebus.sinks.kept import Form, Kept, Telling
from framebus.sinks.tiff.tiff import TiffFile, pages_of
from framebus.wire.recordings.tiff import Page


def entries(path: str) -> Iterator[Kept]:
    """Every frame that is there whole; raises `BadFrame` for files of others."""
    telling = Telling()
    for one in _pages(path):
        said = one.description
        if not said.array:
            form = Form(said.format, said.dimensions, said.dtype)
            yield Kept(said.stream, form, int(said.run, 16), said.seq, said.captured_ns, telling.of(said.missed))


def unfinished(path: str) -> bool:
    """Whether something is behind the last page: what was being written when the recorder was killed."""
    end = 0
    for one in _pages(path):
        end = one.end
    return os.path.getsize(path) > end


def mend(path: str) -> None:
    """Remove that."""
    TiffFile(path, resume=True).close()


def _pages(path: str) -> Iterator[Page]:
    with open(path, "rb", buffering=0) as file:
        yield from pages_of(lambda at, size: os.pread(file.fileno(), size, at), path)
