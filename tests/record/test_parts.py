"""The small things recordings are made of: moments, timelines, chunks, superblocks."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from framebus.core.errors import BadFrame, OptionError
from framebus.core.moments import Moment, parse
from framebus.core.record_options import RECORD_OPTIONS, rotation
from framebus.sinks.disk_space import Room
from framebus.sinks.hdf5 import superblock
from framebus.sinks.video.timeline import Timeline
from framebus.wire.recordings import hdf5_chunks as chunks

NOON_NS = 1_740_830_400 * 10**9


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        (0, Moment(after_ns=0)),
        (1.5, Moment(after_ns=1_500_000_000)),
        ("10min", Moment(after_ns=600 * 10**9)),
        ("#100", Moment(number=100)),
        ("2025-03-01T12:00:00Z", Moment(at_ns=NOON_NS)),
        ("2025-03-01T13:00:00.000001+01:00", Moment(at_ns=NOON_NS + 1000)),
        (datetime(2025, 3, 1, 12, tzinfo=UTC), Moment(at_ns=NOON_NS)),
    ],
)
def test_moments(text: object, moment: Moment) -> None:
    assert parse(text) == moment
    assert parse(moment) == moment


@pytest.mark.parametrize("text", ["", "#", "#-1", "-5", "soon", "12:00", "2025-02-30", None])
def test_what_is_no_moment(text: object) -> None:
    with pytest.raises((ValueError, TypeError)):
        parse(text)


@pytest.mark.parametrize(
    ("text", "limits"),
    [
        ("10min", (600, float("inf"))),
        ("2GB", (float("inf"), 2e9)),
        ("1h, 500MB", (3600, 5e8)),
        (60, (60, float("inf"))),
    ],
)
def test_rotations(text: object, limits: tuple[float, float]) -> None:
    assert rotation(text) == limits


@pytest.mark.parametrize("text", [0, "0B", "never", "1h,2h,3h", "", ","])
def test_what_is_no_rotation(text: object) -> None:
    with pytest.raises((ValueError, OptionError)):
        rotation(text)


def test_every_default_is_one_of_its_options() -> None:
    for option in RECORD_OPTIONS:
        if option.default is not None:
            option.parse(option.default)


@given(st.lists(st.integers(-(10**15), 10**15), min_size=1))
def test_a_timeline_always_goes_on(times_ns: list[int]) -> None:
    timeline = Timeline()
    ticks = [timeline.next(at, at)[0] for at in times_ns]
    assert ticks[0] == 0
    assert all(0 < after - before <= 1_800_000_000 for before, after in pairwise(ticks))


@pytest.mark.parametrize("compress", [None, "lz4", "gzip"])
@given(size=st.integers(1, 5000), itemsize=st.sampled_from([1, 2, 4, 8]), calm=st.booleans())
def test_chunks_come_back(compress: str | None, size: int, itemsize: int, calm: bool) -> None:
    data = (
        np.zeros(size * itemsize, np.uint8)
        if calm
        else np.random.default_rng(size).integers(0, 255, size * itemsize, np.uint8)
    )
    through = chunks.filters(compress, itemsize)
    packed = chunks.pack(data.data, through, itemsize)
    assert bytes(chunks.unpack(bytes(packed), through, itemsize, data.nbytes)) == data.tobytes()


@given(st.binary(max_size=64), st.sampled_from(["lz4", "gzip"]), st.sampled_from([1, 2]))
def test_damaged_chunks_are_said_to_be(data: bytes, compress: str, itemsize: int) -> None:
    with pytest.raises(BadFrame):
        chunks.unpack(data, chunks.filters(compress, itemsize), itemsize, 1000)


def test_a_chunk_that_would_become_huge_stops_at_what_is_expected() -> None:
    bomb = chunks.pack(bytes(10**7), chunks.filters("gzip", 1), 1)
    with pytest.raises(BadFrame, match="more than 1000"):
        chunks.unpack(bomb, chunks.filters("gzip", 1), 1, 1000)


def test_a_superblock_is_summed_up_as_hdf5_does(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w", libver=("v110", "v110")) as file:
        file["data"] = np.arange(1000)
    head = (tmp_path / "a.h5").read_bytes()[: superblock.SIZE]
    assert not superblock.is_open(head)
    assert superblock.closed(head, (tmp_path / "a.h5").stat().st_size) == head, "the same, byte for byte"


@given(st.binary(max_size=100))
def test_other_files_are_never_taken_for_one_to_be_closed(data: bytes) -> None:
    assert not superblock.is_open(data)
    assert not superblock.is_open(superblock.SIGNATURE + data)


def test_room_is_taken_ahead_and_given_back(tmp_path: Path) -> None:
    with open(tmp_path / "a", "wb") as file:
        file.write(b"abc")
        file.flush()
        room = Room(file.fileno(), file.name)
        room.need(1_000_000)
        assert os.fstat(file.fileno()).st_size == 3, "nobody sees it"
        room.give_back()
        assert os.fstat(file.fileno()).st_blocks <= 16
