"""An image folder: pixel for pixel, numbered, continued after any end, and never over anybody's files."""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path

import numpy as np
import pytest

from framebus.core.addresses import Path as Place
from framebus.core.contracts import Sink
from framebus.core.errors import AddressError, BadFrame, Closed, OptionError, Unavailable
from framebus.core.names import valid_name
from framebus.core.registry import SINKS
from framebus.sinks.folder.images import INDEX, Images, open_sink
from framebus.testing import SinkConformance, samples
from framebus.testing.samples import RUN, framed, pictures
from framebus.wire.encodings import encode
from tests.sinks.folders import images, pixels, write


class TestFolder(SinkConformance):
    def make(self, tmp_path: Path) -> Sink:
        return open_sink(Place(f"{tmp_path}/frames/"))

    def stored(self, tmp_path: Path) -> int:
        return len(images(tmp_path / "frames"))


class TestTemplate(SinkConformance):
    formats = ("bgr24", "rgb24", "gray8", "i420")

    def make(self, tmp_path: Path) -> Sink:
        return open_sink(Place(f"{tmp_path}/{{stream}}/{{date}}/{{time}}-{{seq}}.jpg"))

    def stored(self, tmp_path: Path) -> int:
        return len(images(tmp_path))


def test_is_what_folders_and_image_templates_open() -> None:
    assert all(SINKS.get(name) is open_sink for name in ("folder", "images", "png", "jpg"))


# what is written ------------------------------------------------------------------------------------------------


def test_a_folder_means_stream_and_number_as_png(tmp_path: Path) -> None:
    assert write(f"{tmp_path}/", samples(3)) == 3
    assert images(tmp_path) == ["sample-00000000.png", "sample-00000001.png", "sample-00000002.png"]


@pytest.mark.parametrize("kind", ["bgr24", "rgb24", "i420"])
def test_colour_is_kept_pixel_for_pixel(tmp_path: Path, kind: str) -> None:
    frame = framed(*pictures()[kind])
    for name in ("{stream}-{seq}.png", "{stream}-{seq}.tif"):
        write(tmp_path / name, [frame])
    assert np.array_equal(pixels(tmp_path / "sample-00000000.png"), frame.rgb)
    assert np.array_equal(pixels(tmp_path / "sample-00000000.tif"), frame.rgb)


@pytest.mark.parametrize("kind", ["gray8", "gray16"])
def test_gray_is_kept_pixel_for_pixel_in_its_depth(tmp_path: Path, kind: str) -> None:
    frame = framed(*pictures()[kind])
    for extension in ("png", "tif"):
        write(f"{tmp_path}/{{seq}}.{extension}", [frame])
        back = pixels(tmp_path / f"00000000.{extension}")
        assert back.dtype == frame.dtype
        assert np.array_equal(back, frame.data)


@pytest.mark.parametrize("kind", ["deep colour", "float", "signed", "mask", "volume"])
def test_what_a_png_cannot_hold_becomes_a_tiff(tmp_path: Path, kind: str) -> None:
    frame = framed(*pictures()[kind])
    write(f"{tmp_path}/", [frame])
    assert images(tmp_path) == ["sample-00000000.tif"]
    back = pixels(tmp_path / "sample-00000000.tif")
    assert back.dtype == frame.dtype
    assert np.array_equal(back.reshape(frame.shape), frame.data)


def test_four_channels_are_kept_as_png(tmp_path: Path) -> None:
    frame = framed(*pictures()["four channels"])
    write(f"{tmp_path}/", [frame])
    assert np.array_equal(pixels(tmp_path / "sample-00000000.png"), frame.data)


def test_what_the_reader_asked_for_is_what_is_written(tmp_path: Path) -> None:
    frame = samples(1)[0].replace(wanted="gray8")
    write(f"{tmp_path}/", [frame])
    assert np.array_equal(pixels(tmp_path / "sample-00000000.png"), frame.gray)


@pytest.mark.parametrize(("spec", "extension"), [("jpeg=70", "jpg"), ("png", "png")])
def test_encoded_frames_are_passed_on_untouched(tmp_path: Path, spec: str, extension: str) -> None:
    frame = encode(samples(1)[0], spec)
    assert not isinstance(frame.content, np.ndarray)
    write(f"{tmp_path}/{{seq}}.{extension}", [frame])
    assert (tmp_path / f"00000000.{extension}").read_bytes() == bytes(frame.content.data)


def test_encoded_frames_are_decoded_for_another_kind_of_file(tmp_path: Path) -> None:
    frame = encode(samples(1)[0], "jpeg=70")
    write(f"{tmp_path}/", [frame])
    assert np.array_equal(pixels(tmp_path / "sample-00000000.png"), frame.rgb)


def test_jpeg_quality_is_chosen_by_encode(tmp_path: Path) -> None:
    frames = samples(1, width=160, height=120)
    write(f"{tmp_path}/fine/", frames, encode="jpeg=98")
    write(f"{tmp_path}/{{seq}}.jpg", frames)
    write(f"{tmp_path}/coarse-{{seq}}.jpg", [encode(frames[0], "jpeg=98")], encode="jpeg=20")
    sizes = [
        (tmp_path / name).stat().st_size for name in ("fine/sample-00000000.jpg", "00000000.jpg", "coarse-00000000.jpg")
    ]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] > sizes[2]


def test_a_jpeg_cannot_hold_16_bits_and_says_what_can(tmp_path: Path) -> None:
    sink = Images(f"{tmp_path}/{{seq}}.jpg")
    with pytest.raises(BadFrame, match=r"'sample': uint16 of shape .* does not fit into a JPEG.*\.png or \.tif"):
        sink.write(framed(*pictures()["gray16"]), lambda: None)
    sink.close()
    assert images(tmp_path) == []


def test_further_arrays_are_said_to_be_left_out_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    frames = [frame.replace(extra=(("mask", frame.gray),)) for frame in samples(3)]
    with caplog.at_level(logging.WARNING, "framebus"):
        write(f"{tmp_path}/", frames)
    assert [record.message for record in caplog.records] == [
        f"{tmp_path} keeps pictures only: the arrays mask are not written"
    ]


# numbers ----------------------------------------------------------------------------------------------------------


def test_streams_are_numbered_apart(tmp_path: Path) -> None:
    write(f"{tmp_path}/", [*samples(2, stream="door"), *samples(1, stream="yard")])
    assert images(tmp_path) == ["door-00000000.png", "door-00000001.png", "yard-00000000.png"]


def test_missed_frames_leave_a_gap(tmp_path: Path) -> None:
    frames = samples(6)
    write(f"{tmp_path}/", [frames[0], frames[1], frames[4]])
    assert images(tmp_path) == ["sample-00000000.png", "sample-00000001.png", "sample-00000004.png"]


def test_a_restarted_sink_goes_on_where_it_was(tmp_path: Path) -> None:
    frames = samples(6)
    write(f"{tmp_path}/", frames[:4])
    write(f"{tmp_path}/", frames[2:])
    assert images(tmp_path) == [f"sample-{number:08d}.png" for number in range(6)]
    for number, frame in enumerate(frames):
        assert np.array_equal(pixels(tmp_path / f"sample-{number:08d}.png"), frame.rgb)


def test_a_restarted_publisher_continues_after_the_last_file(tmp_path: Path) -> None:
    write(f"{tmp_path}/", samples(3))
    write(f"{tmp_path}/", samples(2, run=RUN + 1))
    write(f"{tmp_path}/", samples(3))  # the first one's frames, sent again, are still its own
    assert images(tmp_path) == [f"sample-{number:08d}.png" for number in range(5)]


def test_files_of_two_templates_in_one_folder_are_numbered_apart(tmp_path: Path) -> None:
    write(f"{tmp_path}/{{stream}}-{{seq}}.png", samples(2))
    write(f"{tmp_path}/{{stream}}-{{seq}}.jpg", samples(2, run=RUN + 1))
    write(f"{tmp_path}/{{stream}}-{{seq}}.png", samples(3))
    assert len(images(tmp_path)) == 5


def test_two_streams_cannot_share_one_row_of_numbers(tmp_path: Path) -> None:
    sink = Images(f"{tmp_path}/{{seq}}.png")
    sink.write(samples(1, stream="door")[0], lambda: None)
    with pytest.raises(OptionError, match=r"streams door and yard would share .* put \{stream\}"):
        sink.write(samples(1, stream="yard")[0], lambda: None)
    sink.close()


def test_the_index_can_be_read_by_people(tmp_path: Path) -> None:
    write(f"{tmp_path}/", samples(2))
    write(f"{tmp_path}/", samples(1, run=1))
    assert json.loads((tmp_path / INDEX).read_text()) == {
        "framebus": 1,
        "templates": {
            "{stream}-{seq}.png": [
                {"stream": "sample", "run": f"{RUN:016x}", "seq": 0, "first": 0, "end": 2},
                {"stream": "sample", "run": f"{1:016x}", "seq": 0, "first": 2},
            ]
        },
    }


# the rest ---------------------------------------------------------------------------------------------------------


def test_the_disk_may_be_full_for_a_while(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sink, done = Images(f"{tmp_path}/"), list[int]()

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", refuse)
        with pytest.raises(Unavailable, match=rf"{tmp_path}: the disk is full, [\d,]+ bytes are needed"):
            sink.write(samples(1)[0], lambda: done.append(0))
    assert (images(tmp_path), done) == ([], [])
    for frame in samples(2):
        sink.write(frame, lambda: done.append(1))
    sink.close()
    assert len(images(tmp_path)) == len(done) == 2
    assert write(f"{tmp_path}/", samples(3)) == 3


def test_the_group_is_the_folders_name_and_a_hash_of_where_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def group(place: str) -> str:
        sink = Images(place)
        sink.close()
        assert sink.group is not None
        assert valid_name(sink.group)
        return sink.group

    absolute = group(f"{tmp_path}/my frames/")
    assert absolute.startswith("my-frames.")
    assert len(absolute) == len("my-frames.") + 8
    monkeypatch.chdir(tmp_path)
    assert group("my frames/") == group("./my frames") == absolute
    assert group("other/") != group("deeper/other/")
    assert valid_name(group("x" * 100 + "/"))


@pytest.mark.parametrize("name", ["frames.png", "frames/x.gif"])
def test_names_that_cannot_be_numbered_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(AddressError):
        Images(f"{tmp_path}/{name}")


@pytest.mark.parametrize(
    ("place", "encode", "said"),
    [
        ("{seq}.png", "jpeg=80", "end its name in .jpg"),
        ("", "lz4", "not for files"),
        ("{seq}.jpg", "png", "not for files"),
    ],
)
def test_an_encoding_that_does_not_fit_the_name_is_refused(tmp_path: Path, place: str, encode: str, said: str) -> None:
    with pytest.raises(OptionError, match=said):
        open_sink(Place(f"{tmp_path}/{place}"), encode=encode)


def test_fsync_may_come_as_text_and_is_checked(tmp_path: Path) -> None:
    assert write(f"{tmp_path}/", samples(1), fsync="yes") == 1
    with pytest.raises(OptionError, match="fsync='maybe'"):
        Images(f"{tmp_path}/", fsync="maybe")


def test_hostile_stream_names_write_nothing(tmp_path: Path) -> None:
    for stream in ("../../x", "", "a/b"):
        with pytest.raises(BadFrame, match="file name"):
            write(f"{tmp_path}/in/", [samples(1)[0].replace(stream=stream)])
    assert images(tmp_path) == []


def test_a_second_sink_on_the_folder_is_refused(tmp_path: Path) -> None:
    sink = Images(f"{tmp_path}/")
    with pytest.raises(Unavailable, match="another sink"):
        Images(f"{tmp_path}/")
    sink.close()
    with pytest.raises(Closed, match="closed"):
        sink.write(samples(1)[0], lambda: None)
