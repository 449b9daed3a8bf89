"""One BigTIFF of frames, a page for each, of one stream or many: whole to every reader at any moment."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from framebus.core.contracts import Done, Item
from framebus.core.errors import BadFrame, Closed
from framebus.core.frame import Array
from framebus.sinks.content import Content
from framebus.sinks.growing import GrowingFile
from framebus.sinks.kept import foreign
from framebus.sinks.place import saying
from framebus.wire.recordings import tiff as pages
from framebus.wire.recordings import tiff_bytes as page_bytes


class TiffFile:
    """Writes frames into `path`; see `framebus.wire.recordings.tiff` for what is in it.

    path    a new file, or with `resume` one that is a recording, also one whose recorder was killed
    fsync   force every frame to the disk before it counts as written

    A frame is done when its pages are in the file whole and linked, so that they are there even if this process is
    killed right after; only `fsync` keeps them through a power cut. Others may read along. Not thread-safe. Raises
    `Unavailable` where the file cannot be made or opened.
    """

    def __init__(self, path: str, *, resume: bool = False, fsync: bool = False) -> None:
        self._path = path
        self._link = 0
        self._first = True
        self._file: GrowingFile | None = GrowingFile(path, resume=resume, fsync=fsync, early=True)
        if resume:
            try:
                self._follow(self._file)
            except BaseException:
                self.close()
                raise

    @property
    def nbytes(self) -> int:
        """How large the file is."""
        return 0 if self._file is None else self._file.end

    def takes(self, item: Item) -> bool:
        """Always: pages need not be alike."""
        return True

    def write(self, item: Item, done: Done) -> None:
        """Add a frame. Raises `BadFrame` for packets, `Unavailable` where the disk is full or the file is gone."""
        if self._file is None:
            raise Closed(f"{self._path}: this file was closed")
        begin = b"" if self._link else page_bytes.header()
        at = page_bytes.begins(self._file.end + len(begin))
        pieces, link = _pages(Content.of(item), at, first=self._first)
        pad = bytes(at - self._file.end - len(begin))
        with saying(self._path, sum(map(len, pieces))):
            self._file.append(begin, pad, *pieces)
            if self._link:
                self._file.finish([(self._link, struct.pack("<Q", at))])
        self._link, self._first = link, False
        done()

    def close(self) -> None:
        """Close the file, which is whole; idempotent."""
        file, self._file = self._file, None
        if file is not None:
            file.close()

    def _follow(self, file: GrowingFile) -> None:
        """Find the last page, and forget what was being written when the recorder was killed."""
        end = 0
        with saying(self._path):
            for page in pages_of(file.read, self._path):
                self._link, end = page.link, page.end
            file.cut(end)


def pages_of(read: pages.Read, path: str) -> Iterator[pages.Page]:
    """The pages in the recording at `path`; raises `BadFrame` where it is none, or is damaged."""
    if not pages.recorded(read):
        raise foreign(path, "its pages do not say which frames they are")
    try:
        yield from pages.walk(read)
    except BadFrame as error:
        raise BadFrame(f"{path} is damaged: {error}") from error


def _pages(content: Content, at: int, *, first: bool) -> tuple[list[bytes | memoryview], int]:
    """The page of a frame and those of its further arrays, from `at` on, and where the next one is named."""
    frame = content.frame
    shown: list[tuple[str, Array, str]] = [("", content.image, content.look.format)]
    shown += [(name, array, "array") for name, array in content.extra]
    pieces: list[bytes | memoryview] = []
    link = 0
    for number, (name, array, format) in enumerate(shown, 1):
        last = number == len(shown)
        told = page_bytes.described(frame, array, format, name, first=first)
        data, pixels, link = page_bytes.page(told, array, at, last=last)
        end = at + len(data) + len(pixels)
        at = page_bytes.begins(end)
        pieces += [data, pixels] if last else [data, pixels, bytes(at - end)]
    return pieces, link
