"""TIFF recordings: what every program for pictures sees, what a dead recorder leaves, and when a TIFF is a picture."""

from __future__ import annotations

import json
import os
import re
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

import framebus as fb
from framebus.core.errors import BadFrame, OptionError, Unavailable
from framebus.record.inspecting import inspect, repair
from framebus.sources.folder.images import Images
from framebus.sources.tiff.tiff import Tiff
from framebus.testing import samples
from framebus.testing.samples import framed, pictures
from framebus.wire.recordings import tiff as pages
from framebus.wire.recordings import tiff_bytes as page_bytes
from tests.conftest import StartChild
from tests.record import runs
from tests.record.runs import numbers, played, record
from tests.record.test_kills import RECORDER

FIRST_NS = samples(1)[0].captured_ns


# other readers --------------------------------------------------------------------------------------------------


def test_a_page_says_which_frame_it_is(tmp_path: Path) -> None:
    record(
        tmp_path / "run.tif", [frame.replace(meta={"shape": [frame.seq], "light": "größer"}) for frame in samples(3)]
    )
    with tifffile.TiffFile(tmp_path / "run.tif") as file:
        assert file.is_bigtiff
        assert len(file.pages) == 3
        assert file.series[0].shape == (3, 32, 48, 3), "which is not what the meta calls a shape"
        said = json.loads(file.pages[2].description)
    assert said == {
        "framebus": 1,
        "stream": "sample",
        "run": "5eed000000000001",
        "seq": 2,
        "captured_ns": FIRST_NS + 2 * 33_333_333,
        "format": "bgr24",
        "dtype": "|u1",
        "dimensions": [32, 48, 3],
        "meta": {"shape": [2], "light": "größer"},
    }


@pytest.mark.parametrize(
    "kind", ["bgr24", "rgb24", "gray8", "gray16", "four channels", "deep colour", "float", "signed"]
)
def test_tifffile_sees_the_stack(tmp_path: Path, kind: str) -> None:
    image, format = pictures()[kind]
    record(tmp_path / "run.tif", [framed(np.roll(image, seq, 0), format, seq=seq) for seq in range(3)])
    stack = tifffile.imread(tmp_path / "run.tif")
    assert stack.shape == (3, *image.shape)
    assert stack.dtype == image.dtype
    shown = image[..., ::-1] if format == "bgr24" else image
    assert np.array_equal(stack[1], np.roll(shown, 1, 0))


def test_pillow_sees_the_right_colours(tmp_path: Path) -> None:
    image, format = pictures()["bgr24"]
    record(tmp_path / "run.tif", [framed(image, format)])
    with Image.open(tmp_path / "run.tif") as opened:
        assert np.array_equal(np.asarray(opened), image[..., ::-1])


def test_a_change_of_shape_begins_another_series(tmp_path: Path) -> None:
    large = [frame.replace(seq=3 + frame.seq) for frame in samples(2, width=64)]
    record(tmp_path / "run.tif", [*samples(3), *large])
    with tifffile.TiffFile(tmp_path / "run.tif") as file:
        assert [series.shape for series in file.series] == [(3, 32, 48, 3), (2, 32, 64, 3)]


# when it is a picture -------------------------------------------------------------------------------------------


def test_a_tiff_of_others_is_pictures(tmp_path: Path) -> None:
    deep, _ = pictures()["gray16"]
    tifffile.imwrite(tmp_path / "one.tif", deep)
    tifffile.imwrite(tmp_path / "stack.tif", np.stack([deep] * 3), bigtiff=True, photometric="minisblack")
    for name, count in (("one.tif", 1), ("stack.tif", 3)):
        maker = runs.source(tmp_path / name)
        assert isinstance(maker, Images)
        assert all(np.array_equal(frame.data, deep) for frame in played(tmp_path / name))
        assert len(played(tmp_path / name)) == count
    with pytest.raises(OptionError, match=r"one\.tif is no recording of framebus: leave out speed"):
        runs.source(tmp_path / "one.tif", speed=2)
    with pytest.raises(Unavailable, match=r"one\.tif exists and is not a recording"):
        runs.sink(tmp_path / "one.tif")


def test_a_recording_is_one_wherever_it_is_read(tmp_path: Path) -> None:
    record(tmp_path / "run.tiff", samples(3))
    maker = runs.source(tmp_path / "run.tiff")
    assert isinstance(maker, Tiff)
    maker.close()
    with pytest.raises(OptionError, match="leave out fps"):
        runs.source(tmp_path / "run.tiff", fps=3)


def test_a_name_with_a_number_means_pictures(tmp_path: Path) -> None:
    fb.pipe(samples(3), f"{tmp_path}/shot-{{seq}}.tif")
    assert sorted(name for name in os.listdir(tmp_path) if name.endswith(".tif")) == [
        f"shot-{seq:08d}.tif" for seq in range(3)
    ]
    fb.pipe(samples(3), f"{tmp_path}/run.tif")
    assert numbers(tmp_path / "run.tif") == [("sample", seq) for seq in range(3)]


def test_nothing_there_is_said_to_be_nothing(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match=r"nothing\.tif"):
        played(tmp_path / "nothing.tif")


# when the recorder was killed -----------------------------------------------------------------------------------


def test_what_a_killed_recorder_leaves_opens_everywhere(tmp_path: Path, child: StartChild) -> None:
    path = tmp_path / "run.tif"
    recorder = child("-c", RECORDER, path, "0")
    recorder.wait_line(r"^done 20$")
    recorder.kill()
    done = max(int(number) for number in re.findall(r"^done (\d+)$", recorder.stdout, re.MULTILINE))
    with tifffile.TiffFile(path) as file:
        seen = [json.loads(page.description)["seq"] for page in file.pages]
        assert file.asarray().shape[1:] == (96, 128)
    assert seen == list(range(len(seen)))
    assert len(seen) >= done + 1


def test_what_was_being_written_is_removed(tmp_path: Path) -> None:
    path = tmp_path / "run.tif"
    record(path, samples(3))
    whole = path.read_bytes()
    path.write_bytes(whole + bytes(1000))  # as a recorder leaves it that was killed before it had linked its page
    assert not inspect(str(path)).whole
    assert numbers(path) == [("sample", seq) for seq in range(3)]
    assert repair(str(path)).whole
    assert path.read_bytes() == whole
    path.write_bytes(whole + bytes(1000))
    record(path, samples(4))
    assert numbers(path) == [("sample", seq) for seq in range(4)]
    assert inspect(str(path)).whole


# what is no recording -------------------------------------------------------------------------------------------


def test_pages_that_lead_in_a_circle_end(tmp_path: Path) -> None:
    path = tmp_path / "run.tif"
    record(path, samples(2))
    data = bytearray(path.read_bytes())
    last = list(pages.walk(lambda at, size: bytes(data[at : at + size])))[-1]
    struct.pack_into("<Q", data, last.link, pages.BEGIN)
    path.write_bytes(data)
    seen = []
    with pytest.raises(BadFrame, match="damaged"):
        seen.extend(_seqs(path))
    with pytest.raises(BadFrame, match="damaged"):
        inspect(str(path))


def _seqs(path: Path) -> list[int]:
    return [frame.seq for frame in played(path)]


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_damage_anywhere_is_a_bad_frame_at_worst(data: Any) -> None:
    whole = bytearray(_one_page())
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, min(len(whole), 700) - 1))] = data.draw(st.integers(0, 255))
    whole = whole[: data.draw(st.integers(0, len(whole)))]

    def read(at: int, size: int) -> bytes:
        return bytes(whole[at : at + size])

    try:
        for page in pages.walk(read):
            pages.array_of(page, read(page.pixels, page.nbytes))
            pages.fields(page.description)
    except BadFrame:
        pass


def _one_page() -> bytes:
    frame = samples(1, width=16, height=8)[0].replace(meta={"a": 1})
    said = page_bytes.described(frame, frame.data, "bgr24")
    data, pixels, _ = page_bytes.page(said, frame.data, pages.BEGIN, last=True)
    return page_bytes.header() + data + bytes(pixels)
