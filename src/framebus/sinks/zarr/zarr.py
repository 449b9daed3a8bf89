"""One Zarr hierarchy of frames, of one stream or many: whole to every reader at any moment, and to be continued."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from contextlib import ExitStack

from framebus.core.contracts import Done, Item
from framebus.core.errors import BadFrame, Closed
from framebus.sinks.content import Content, Look
from framebus.sinks.kept import foreign
from framebus.sinks.ordered import Ordered
from framebus.sinks.place import saying
from framebus.sinks.zarr import part as zarr_part
from framebus.sinks.zarr.part import Part
from framebus.sinks.zarr.tree import Tree, leftovers
from framebus.wire.recordings import zarr as hierarchy
from framebus.wire.recordings import zarr_stored as stored
from framebus.wire.recordings.zarr_stored import Stored


class ZarrFolder:
    """Writes frames into the folder `path`; see `framebus.wire.recordings.zarr` for what is in it.

    path      a new folder, or with `resume` one that is a recording, also one whose recorder was killed
    replace   whether what is at `path` may be replaced; asked when the first frame is written
    compress  in gzip, without loss, by as many threads as there are cores
    fsync     force every frame to the disk before it counts as written

    A frame is done when it is there whole, so that it is there even if this process is killed right after; only `fsync`
    keeps it through a power cut. Frames of another shape or type go into a part of their own. Others may read along.
    Not thread-safe. Raises `Unavailable` where the folder cannot be made or opened.
    """

    def __init__(
        self,
        path: str,
        *,
        resume: bool = False,
        replace: Callable[[str], bool] = lambda path: False,
        compress: bool = False,
        fsync: bool = False,
    ) -> None:
        self._path = path
        self._replace, self._compress = replace, compress
        self._parts: dict[Look, Part] = {}
        self._names: set[str] = set()
        self._closed = False
        self.nbytes = 0
        """How many bytes of frames were written."""
        self._tree = Tree(path, resume=resume, fsync=fsync)
        try:
            with saying(path):
                self._begin(resume)
        except BaseException:
            self._tree.close()
            raise
        self._ordered = Ordered(self._pack, self._put) if compress else None

    def takes(self, item: Item) -> bool:
        """Always: what differs goes into a part of its own."""
        return True

    def write(self, item: Item, done: Done) -> None:
        """Add a frame. Raises `BadFrame` for packets, `Unavailable` where the disk is full or the folder is gone."""
        if self._closed:
            raise Closed(f"{self._path}: this recording was closed")
        given = (Content.of(item), done)
        if self._ordered is not None:
            self._ordered.put(given)
        else:
            self._put(given, self._pack(given))

    def close(self) -> None:
        """Finish it: all that was written is done. Idempotent."""
        if self._closed:
            return
        self._closed = True
        with saying(self._path), ExitStack() as closing:
            closing.callback(self._tree.close)
            closing.callback(self._finish)
            if self._ordered is not None:
                self._ordered.close()

    def _finish(self) -> None:
        with ExitStack() as closing:
            for part in self._parts.values():
                closing.callback(part.close)
                closing.callback(part.finish)

    def _pack(self, given: tuple[Content, Done]) -> list[bytes | memoryview]:
        return _bytes_of(given[0], packed=self._compress)

    def _put(self, given: tuple[Content, Done], data: list[bytes | memoryview]) -> None:
        content, done = given
        with saying(self._path, sum(map(len, data))):
            part = self._parts.get(content.look) or self._new_part(content.look)
            if part.packed != self._compress:  # it was begun by a recorder that was told otherwise
                data = _bytes_of(content, packed=part.packed)
            part.append(content, data)
            if not self._tree.named:
                self._tree.settle(self._replace)
        self.nbytes += sum(map(len, data))
        done()

    def _new_part(self, look: Look) -> Part:
        name = zarr_part.name_of(look, self._names)
        self._parts[look] = zarr_part.make(self._tree, name, look, packed=self._compress)
        self._names.add(name)
        return self._parts[look]

    def _begin(self, resume: bool) -> None:
        if not resume:
            self._tree.put(hierarchy.DESCRIPTION, hierarchy.group({hierarchy.MARK: hierarchy.VERSION}))
            return
        for path in leftovers(self._path):
            os.unlink(path)
        try:
            for one in stored.parts(self._path):
                self._names.add(one.name)
                self._parts[_look_of(one)] = zarr_part.continued(self._tree, one)
        except BadFrame as error:
            raise foreign(self._path, str(error)) from error
        for entry in list(os.scandir(self._path)):
            if entry.is_dir() and entry.name not in self._names:
                shutil.rmtree(entry.path)  # a part that was being made when the recorder was killed


def _bytes_of(content: Content, *, packed: bool) -> list[bytes | memoryview]:
    """Those of the pixels and of each further array, as they lie in chunks."""
    arrays = [content.image, *(array for _, array in content.extra)]
    plain = [array.reshape(-1).view("u1").data for array in arrays]
    return [hierarchy.packed(data) for data in plain] if packed else list(plain)


def _look_of(one: Stored) -> Look:
    frames, *more = one.arrays.values()
    extra = tuple((str(array.attributes.get("name", "")), array.row, array.dtype) for array in more)
    return Look(one.stream, one.format, frames.row, frames.dtype, extra)
