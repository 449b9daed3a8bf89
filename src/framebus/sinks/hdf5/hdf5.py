"""One HDF5 file of frames, of one stream or many: whole to every reader at any moment, and to be continued."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import Any

import h5py

from framebus.core.contracts import Done, Item
from framebus.core.errors import Closed, Unavailable
from framebus.sinks.claim import Claim
from framebus.sinks.content import Content, Look
from framebus.sinks.disk_space import Room
from framebus.sinks.growing import partial_of
from framebus.sinks.hdf5 import part as parts
from framebus.sinks.hdf5 import superblock
from framebus.sinks.hdf5.part import Part
from framebus.sinks.hdf5.placed import ALIGNED_FROM, PAGE, SLACK, Ground
from framebus.sinks.ordered import Ordered
from framebus.sinks.place import saying, sync_folder
from framebus.sinks.writeback import Writeback
from framebus.wire.recordings import hdf5_chunks as chunks
from framebus.wire.recordings.hdf5 import MARK, VERSION

_VERSIONS = ("v110", "v110")
"""Read by every HDF5 since 1.10, of 2016; earlier ones cannot read what is being written."""


class Hdf5File:
    """Writes frames into `path`; see `framebus.wire.recordings.hdf5` for what is in it.

    path      a new file, or with `resume` one that is a recording, also one whose recorder was killed
    compress  `lz4` or `gzip`, without loss, by as many threads as there are cores; None: not at all
    fsync     force every frame to the disk before it counts as written

    A frame is done when it is in the file whole, so that it is there even if this process is killed right after; only
    `fsync` keeps it through a power cut. Frames of another shape or type go into a part of their own. Others may read
    along. Not thread-safe. Raises `Unavailable` where the file cannot be made or opened.
    """

    def __init__(self, path: str, *, resume: bool = False, compress: str | None = None, fsync: bool = False) -> None:
        self._path = path
        self._present = path if resume else partial_of(path)
        self._compress, self._fsync = compress, fsync
        self._parts: dict[Look, Part] = {}
        self._file: Any = None
        self._written = resume
        self._nbytes = 0
        self._in_pages = True
        self._closed = False
        self._descriptor = _claimed(self._present, path, new=not resume)
        self._room = Room(self._descriptor, path)
        self._writeback = None if fsync else Writeback(self._descriptor)
        try:
            self._begin(resume)
        except BaseException:
            self._let_go()
            raise
        self._ordered = Ordered(self._pack, self._put) if compress else None

    @property
    def nbytes(self) -> int:
        """How large the file is, without what HDF5 writes for itself and places for frames to come."""
        return self._nbytes

    def takes(self, item: Item) -> bool:
        """Always: what differs goes into a part of its own."""
        return True

    def write(self, item: Item, done: Done) -> None:
        """Add a frame. Raises `BadFrame` for packets, `Unavailable` where the disk is full or the file is gone."""
        if self._closed:
            raise Closed(f"{self._path}: this file was closed")
        content = Content.of(item)
        if self._ordered is not None:
            self._ordered.put((content, done))
        else:
            self._put((content, done), content.image)

    def close(self) -> None:
        """Finish the file: all that was written is done. Idempotent."""
        if self._closed:
            return
        try:
            if self._ordered is not None:
                self._ordered.close()
        finally:
            self._closed = True
            try:
                if self._parts and self._written:
                    self._settle()
            finally:
                self._let_go()

    def _pack(self, given: tuple[Content, Done]) -> Any:
        image = given[0].image
        through = chunks.filters(self._compress, image.dtype.itemsize)
        return chunks.pack(image.reshape(-1).view("u1").data, through, image.dtype.itemsize)

    def _put(self, given: tuple[Content, Done], packed: Any) -> None:
        content, done = given
        if os.fstat(self._descriptor).st_nlink == 0:
            raise Unavailable(f"{self._path} was removed while it was written: start again")
        try:
            part = self._parts.get(content.look) or self._new_part(content.look)
            self._nbytes += part.append(content, packed if part.packs else content.image)
        except (OSError, RuntimeError) as error:
            raise Unavailable(f"{self._path} cannot be written: {error}") from error
        if self._fsync:
            os.fsync(self._descriptor)
        if not self._written:
            self._name()
        done()

    def _name(self) -> None:
        with saying(os.path.dirname(self._path) or "."):
            os.replace(self._present, self._path)
        self._present, self._written = self._path, True
        if self._fsync:
            sync_folder(os.path.dirname(self._path) or ".")

    def _begin(self, resume: bool) -> None:
        if resume:
            superblock.close(self._descriptor)
        self._room.need(os.fstat(self._descriptor).st_size + SLACK)
        if resume:
            self._trim()
        else:
            self._make()
        self._nbytes = os.fstat(self._descriptor).st_size
        if resume:
            self._open("r+")
            self._follow()

    def _new_part(self, look: Look) -> Part:
        """Nothing can be added to a file that others read along, so it is opened anew."""
        if self._file:
            self._settle()
        self._in_pages = self._in_pages and parts.in_pages(look)
        self._open("r+")
        parts.make(self._file.create_group(parts.name_of(look, self._file)), look, self._compress)
        self._follow()
        return self._parts[look]

    def _follow(self) -> None:
        predictable = not any(parts.packed(group) for group in self._file.values())
        alignment = PAGE if self._in_pages else 1
        beneath = (self._file, self._descriptor, self._room, self._writeback)
        ground = Ground(*beneath, predictable=predictable, alignment=alignment)
        groups = [group for group in self._file.values() if parts.goes_on(group)]
        self._parts = {(look := parts.look_of(group)): Part(group, look, ground) for group in groups}
        self._file.swmr_mode = True

    def _make(self) -> None:
        """An empty file, closed at once: what is opened to be emptied, Linux begins to write to the disk then."""
        self._open("w")
        self._file.attrs[MARK] = VERSION
        self._file.close()

    def _trim(self) -> None:
        """Free what the frames of a dead recorder did not come to; what is added now would come into what was freed."""
        self._open("r+")
        for group in self._file.values():
            parts.trim(group)
            self._in_pages = self._in_pages and parts.in_pages(parts.look_of(group))
        self._file.attrs[MARK] = VERSION
        self._file.close()

    def _open(self, mode: str) -> None:
        pages = {"alignment_threshold": ALIGNED_FROM, "alignment_interval": PAGE} if self._in_pages else {}
        try:
            self._file = h5py.File(self._present, mode, libver=_VERSIONS, locking=False, rdcc_nbytes=0, **pages)
        except OSError as error:
            raise Unavailable(f"{self._path} cannot be opened: {error}") from error
        superblock.share(self._descriptor)

    def _settle(self) -> None:
        """Close the file as it is for all time, without places at its end that nothing came to.

        A file that is shortened by HDF5 itself cannot be read meanwhile, nor ever if this process is killed.
        """
        try:
            free = [place for part in self._parts.values() for place in part.finish()]
            self._parts = {}
            self._file.close()
        except (OSError, RuntimeError) as error:
            raise Unavailable(f"{self._path} cannot be finished: {error}: what was written stays") from error
        superblock.cut(self._descriptor, free)

    def _let_go(self) -> None:
        self._parts = {}
        with suppress(OSError, RuntimeError):
            if self._file is not None:
                self._file.close()
        if self._writeback is not None:
            self._writeback.close()
        if self._descriptor >= 0:
            with suppress(OSError):
                self._room.give_back()
            os.close(self._descriptor)
            self._descriptor = -1
        if not self._written:
            with suppress(OSError):
                os.unlink(self._present)


def _claimed(path: str, called: str, *, new: bool) -> int:
    """The file's descriptor, which no other recorder has. Raises `Unavailable`; another's file is left alone."""
    descriptor = _descriptor(path, new=new)
    try:
        Claim(descriptor, called)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _descriptor(path: str, *, new: bool) -> int:
    folder = os.path.dirname(path) or "."
    flags = os.O_RDWR | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0)
    with saying(folder):
        if new:
            os.makedirs(folder, exist_ok=True)
        return os.open(path, flags | (os.O_CREAT if new else 0), 0o666)
