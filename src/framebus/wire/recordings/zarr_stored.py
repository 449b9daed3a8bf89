"""The parts of a Zarr recording, read file by file; see `framebus.wire.recordings.zarr`."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from framebus.core.errors import BadFrame
from framebus.core.names import valid_name
from framebus.wire import limits
from framebus.wire.recordings import missed as losses
from framebus.wire.recordings import zarr as hierarchy
from framebus.wire.recordings.missed import Missed, Pairs
from framebus.wire.recordings.zarr import COLUMNS, DESCRIPTION, INDEX, MARK, ROWS, VERSION, Array

Load = Callable[[str], bytes | None]
"""The bytes of the file of that name below the recording's folder; None where there is none."""
Block = dict[str, npt.NDArray[Any]]
"""Rows of the index that follow each other, by its arrays."""

_MOST_BYTES = limits.MAX_FRAME_BYTES + limits.MAX_HEADER_BYTES


class Stored:
    """The group `name`; raises `BadFrame` where it is no part of a recording."""

    def __init__(self, load: Load, name: str, attributes: dict[str, Any]) -> None:
        self.name = name
        self._load = load
        self.stream, self.format = str(attributes.get("stream", "")), str(attributes.get("format", ""))
        places = attributes.get("arrays", [])
        if not valid_name(self.stream) or not isinstance(places, list) or not all(map(_is_place, places)):
            raise BadFrame(f"the group {name} is no part of a recording")
        self.arrays = {place: self.array(place) for place in ("frames", *places)}
        """What there is of each frame, by its place in the group: the pixels first."""
        self.tells = load(f"{name}/{losses.NAME}/{DESCRIPTION}") is not None
        """Whether it says what was lost."""
        self._whole: list[Pairs] = []
        for column in COLUMNS if self.tells else INDEX:
            self._check(column)

    @property
    def rows(self) -> int:
        """How many frames its arrays have room for, as others see them."""
        return max(self.missed().rows, *(self.array(name).shape[0] for name in (*self.arrays, *INDEX)))

    def block(self, at: int) -> Block:
        """The rows of the index from `at` to the end of its chunk; only those that are there whole."""
        chunk, row = divmod(at, ROWS)
        there = self._chunk("there", chunk)[row:]
        count = int(np.argmin(there)) if not there.all() else len(there)
        return {name: self._chunk(name, chunk)[row : row + count] for name in INDEX} if count else {}

    def blocks(self) -> Iterator[Block]:
        """All of them."""
        at = 0
        while found := self.block(at):
            yield found
            at += len(found["seq"])

    def missed(self) -> Missed:
        """What was lost before its frames, as far as that is written; raises `BadFrame` where that is damaged."""
        if not self.tells:
            return Missed()
        array = self.array(losses.NAME)
        try:
            return Missed(self._pairs(array), int(array.attributes.get(losses.SINCE, 0)))
        except (TypeError, ValueError) as error:
            raise BadFrame(f"{self.name}/{losses.NAME} is not as framebus records it: {error}") from error

    def pixels(self, place: str, at: int) -> npt.NDArray[Any]:
        """Frame `at` of an array, read-only; raises `BadFrame` where it is damaged."""
        array = self.arrays[place]
        data = self._load(f"{self.name}/{place}/{array.chunk_name(at)}")
        if data is None:
            raise BadFrame(f"{self.name}/{place}: there is no {array.chunk_name(at)}")
        found = np.frombuffer(hierarchy.unpacked(data, array), array.dtype).reshape(array.row)
        found.flags.writeable = False
        return found

    def meta(self, begin: int, size: int) -> bytes:
        """So many bytes of meta."""
        data, at = b"", begin
        while len(data) < size:
            chunk, start = divmod(at, hierarchy.META_BYTES)
            piece = (self._load(f"{self.name}/meta/c.{chunk}") or b"")[start : start + size - len(data)]
            if not piece:
                raise BadFrame(f"{self.name}/meta ends before {begin + size}")
            data, at = data + piece, at + len(piece)
        return data

    def _check(self, column: str) -> None:
        dtype, row = COLUMNS[column]
        found = self.array(column)
        if (found.dtype, found.chunk, found.packed) != (dtype, (ROWS, *row), False):
            raise BadFrame(f"{self.name}/{column} is not as framebus records it")

    def _pairs(self, array: Array) -> Pairs:
        """All of them; a chunk that is full stays as it is and is read once."""
        full, more = divmod(array.shape[0], ROWS)
        for number in range(len(self._whole), full):
            self._whole.append(self._pairs_in(array, number))
        last = [self._pairs_in(array, full)[:more]] if more else []
        return np.concatenate([losses.NONE, *self._whole[:full], *last])

    def _pairs_in(self, array: Array, number: int) -> Pairs:
        if self._load(f"{self.name}/{losses.NAME}/{array.chunk_name(number)}") is None:
            raise BadFrame(f"{self.name}/{losses.NAME}: there is no {array.chunk_name(number)}")
        return self._chunk(losses.NAME, number)

    def _chunk(self, name: str, number: int) -> npt.NDArray[Any]:
        dtype, row = COLUMNS[name]
        array = Array((0, *row), dtype, (ROWS, *row))
        data = self._load(f"{self.name}/{name}/{array.chunk_name(number)}")
        data = bytes(array.chunk_bytes) if data is None else hierarchy.unpacked(data, array)
        return np.frombuffer(data, dtype).reshape(ROWS, *row)

    def array(self, place: str) -> Array:
        """What the array at `place` is now; raises `BadFrame` where there is none."""
        data = self._load(f"{self.name}/{place}/{DESCRIPTION}")
        if data is None:
            raise BadFrame(f"{self.name}/{place} is missing")
        return hierarchy.array_of(data)


def parts(root: str) -> list[Stored]:
    """Those of the recording in the folder `root`, by their names; raises `BadFrame` where it is none, `OSError`."""
    load = below(root)
    data = load(DESCRIPTION)
    if data is None:
        raise BadFrame(f"a folder without {DESCRIPTION}")
    if hierarchy.group_of(data).get(MARK) != VERSION:
        raise BadFrame("a hierarchy of Zarr that something else wrote")
    found = []
    for name in sorted(entry.name for entry in os.scandir(root) if entry.is_dir()):
        described = load(f"{name}/{DESCRIPTION}")
        if described is not None:  # else its recorder was killed before it had made the part
            found.append(Stored(load, name, hierarchy.group_of(described)))
    return found


def below(root: str) -> Load:
    """Reads files below the folder `root`."""

    def load(name: str) -> bytes | None:
        try:
            with open(os.path.join(root, name), "rb") as file:
                return file.read(_MOST_BYTES)
        except FileNotFoundError:
            return None

    return load


def _is_place(place: object) -> bool:
    """Whether it leads nowhere else."""
    name = place.removeprefix("arrays/") if isinstance(place, str) else ""
    return name != place and valid_name(name.removesuffix("@")) and name != DESCRIPTION
