"""Anything by address: the right thing is opened, options reach whom they concern, and nothing is ignored."""

from __future__ import annotations

import re
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import framebus as fb
from framebus.core.errors import AddressError, BadFrame, Closed, OptionError, Unavailable
from framebus.core.frame import Frame
from framebus.verbs.given import Given
from framebus.verbs.numbering import Numbering, host_name
from framebus.verbs.open import open_all
from framebus.verbs.sinking import SinkPublisher
from tests.verbs.makers import Fed, Kept, picture


def colour(number: int = 0) -> Any:
    return np.full((4, 6, 3), number, np.uint8)


# open ---------------------------------------------------------------------------------------------------------


def test_a_test_picture_by_address_with_its_own_options() -> None:
    with fb.open("synthetic:door", size="64x48", fps=0, frames=3) as source:
        assert not source.live
        assert [(item.stream, item.seq) for item in source] == [("door", 0), ("door", 1), ("door", 2)]


def test_without_a_number_of_frames_it_is_live() -> None:
    with fb.open("synthetic:", size="64x48") as source:
        assert source.live
        assert source.read(timeout=10).seq >= 0


def test_a_folder_by_path_and_by_text(tmp_path: Path) -> None:
    with fb.publish(f"{tmp_path}/frames/") as out:
        out.send(colour(7))
    for place in (tmp_path / "frames", f"{tmp_path}/frames", f"{tmp_path}/frames/", f"{tmp_path}/frames/*.png"):
        with fb.open(place) as source:
            [item] = source
            assert isinstance(item, Frame)
            assert item.image[0, 0, 0] == 7


def test_any_iterable_of_arrays() -> None:
    with fb.open(colour(number) for number in range(3)) as source:
        found = list(source)
    assert [item.seq for item in found] == [0, 1, 2]
    assert found[0].stream == host_name()


def test_several_places_make_one_loop(tmp_path: Path) -> None:
    with fb.open("synthetic:left", "synthetic:right", frames=2, fps=0, size="64x48") as source:
        found = sorted((item.stream, item.seq) for item in source)
    assert found == [("left", 0), ("left", 1), ("right", 0), ("right", 1)]


def test_renamed_and_in_the_format_asked_for() -> None:
    with fb.open([colour()], stream="porch", format="gray8") as source:
        frame = source.read()
        assert isinstance(frame, Frame)
        assert frame.stream == "porch"
        assert frame.image.shape == (4, 6)


def test_rgb_users_say_so_once() -> None:
    rgb = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
    with fb.open([rgb], format="rgb24") as source:
        frame = source.read()
        assert isinstance(frame, Frame)
        assert np.array_equal(frame.image, rgb)
        assert np.array_equal(frame.bgr, rgb[..., ::-1])


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"siez": "64x48"}, "did you mean size"),
        ({"group": "me"}, "does not take the option group"),
        ({"insecure": True}, "does not take the option insecure"),
        ({"keep": "newest"}, "'latest' or 'all'"),
        ({"speed": 2}, "does not take the option speed"),
        ({"timeout": "soon"}, "ms"),
        ({"packets": True}, "packets"),
    ],
)
def test_what_the_source_does_not_take_is_refused(options: dict[str, Any], says: str) -> None:
    with pytest.raises(OptionError, match=says):
        fb.open("synthetic:", **options)


@pytest.mark.parametrize(
    ("address", "error", "says"),
    [
        ("window:", AddressError, "makes none"),
        ("door", AddressError, "did you mean shm://door"),
        ("missing.mp4", Unavailable, "missing.mp4"),
        ("notes.docx", AddressError, "notes.docx"),
        ("s3://bucket/clip", AddressError, "s3"),
        ("synthetik:", AddressError, "synthetic"),
    ],
)
def test_what_cannot_be_opened_is_named(address: str, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        fb.open(address)


def test_nothing_to_open_is_an_error() -> None:
    with pytest.raises(OptionError, match="address"):
        fb.open()


def test_when_one_of_several_fails_the_others_are_closed(tmp_path: Path) -> None:
    maker = Fed()
    with pytest.raises(Unavailable):
        fb.open(maker, f"{tmp_path}/missing.mp4")
    assert list(maker) == []  # closed: the iteration ends


# publish ------------------------------------------------------------------------------------------------------


def test_a_folder_takes_arrays_under_any_name(tmp_path: Path) -> None:
    with fb.publish(f"{tmp_path}/frames/") as out:
        for number in range(2):
            out.send(colour(number), stream="left", meta={"light": "on"})
        out.send(colour(), stream="right")
        assert out.stats().frames == 3
    names = sorted(path.name for path in (tmp_path / "frames").glob("*.png"))
    assert names == ["left-00000000.png", "left-00000001.png", "right-00000000.png"]


def test_the_name_may_be_made_from_the_one_a_frame_has() -> None:
    kept = Kept()
    with SinkPublisher(kept, stream="{stream}-seen") as out:
        out.send(picture(0, "door"))
        out.send(colour())
    assert [item.stream for item in kept.items] == ["door-seen", f"{host_name()}-seen"]


def test_filling_in_place_sends_what_was_written() -> None:
    kept = Kept()
    with SinkPublisher(kept) as out:
        with out.fill((4, 6, 3)) as image:
            image[:] = 9
        with pytest.raises(ValueError, match="changed my mind"), out.fill((4, 6, 3)) as image:
            raise ValueError("changed my mind")
    [frame] = kept.items
    assert isinstance(frame, Frame)
    assert frame.image.min() == 9


@pytest.mark.parametrize("address", ["tcp://localhost:{port}/cam", "ipc:///{folder}/s", "null:"])
def test_a_shape_that_is_none_is_refused_alike_wherever_frames_go(
    address: str, free_port: int, runtime_dir: Path
) -> None:
    with (
        fb.publish(address.format(port=free_port, folder=runtime_dir)) as out,
        pytest.raises(OptionError, match=r"fill\(4, 'uint8'\) is not possible: give the shape, \(height, width\)"),
    ):
        out.fill(4)  # type: ignore[arg-type]


def test_after_closing_nothing_is_taken_any_more() -> None:
    kept = Kept()
    out = SinkPublisher(kept)
    out.close()
    out.close()
    assert kept.closed == 1
    with pytest.raises(Closed):
        out.send(colour())


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"wait_for": 2}, "wait_for"),
        ({"insecure": True}, "insecure"),
        ({"overwirte": True}, "did you mean overwrite"),
        ({"patience": "soon"}, "patience"),
    ],
)
def test_what_the_sink_does_not_take_is_refused(tmp_path: Path, options: dict[str, Any], says: str) -> None:
    with pytest.raises(OptionError, match=says):
        fb.publish(f"{tmp_path}/frames/", **options)
    assert not (tmp_path / "frames").exists()


@pytest.mark.parametrize(
    ("address", "says"),
    [("synthetic:", "takes none"), ("rtsp://cam/main", "not written"), ("notes.docx", "notes.docx")],
)
def test_what_cannot_be_written_is_named(address: str, says: str) -> None:
    with pytest.raises(AddressError, match=says):
        fb.publish(address)


def test_a_stream_is_named_once(free_port: int) -> None:
    with pytest.raises(OptionError, match="names the stream already"):
        fb.publish(f"tcp://127.0.0.1:{free_port}/door", stream="gate")


def test_frames_go_through_a_link_under_the_name_given(free_port: int) -> None:
    address = f"tcp://127.0.0.1:{free_port}"
    with fb.publish(address, stream="gate", wait_for=1) as out:
        sending = threading.Thread(target=out.send, args=(colour(3),))
        sending.start()
        with fb.open(f"{address}/gate", timeout=20) as source:
            frame = source.read()
        sending.join()
    assert frame.stream == "gate"


def test_streams_lists_what_is_published_here(free_port: int) -> None:
    assert fb.streams() == []
    with fb.publish(f"tcp://127.0.0.1:{free_port}/door") as out:
        out.send(colour())
        out.send(colour())
        [info] = fb.streams()
        assert (info.name, info.kind, info.frames, info.live) == ("door", "tcp", 2, True)
        assert info.readers == []
    assert fb.streams() == []


def test_a_folder_behind_a_link_is_given_every_frame_and_its_group_is_the_folders(
    tmp_path: Path, free_port: int
) -> None:
    address = f"tcp://127.0.0.1:{free_port}/cam"
    with fb.publish(address, wait_for=["frames"]) as out:
        piping = threading.Thread(target=fb.pipe, args=(address, f"{tmp_path}/frames/"))
        piping.start()
        for number in range(20):
            out.send(colour(number))
        [reader] = out.stats().readers
        assert reader.name.startswith("frames.")
        assert reader.keep == "all"
    piping.join(20)
    assert len(list((tmp_path / "frames").glob("*.png"))) == 20


# identity -----------------------------------------------------------------------------------------------------


def test_the_group_of_a_folder_takes_one_member(free_port: int) -> None:
    address = f"tcp://127.0.0.1:{free_port}"
    wishes = {"keep": "all", "group": "frames.1a2b3c4d", "timeout": 0.05}
    with (
        fb.publish(f"{address}/door", wait_for=["frames"]),
        open_all([address], wishes, {}, exclusive=True) as first,
    ):
        assert _why_nothing_comes(first, until="sent nothing")  # it is the member now
        with open_all([address], wishes, {}, exclusive=True) as second:
            assert _why_nothing_comes(second, until="takes one member and has one: .*pid")


def _why_nothing_comes(source: fb.Source[Any], until: str, tries: int = 200) -> bool:
    """Whether the source says so of its waiting, sooner or later."""
    for _ in range(tries):
        with pytest.raises(fb.Timeout) as told:
            source.read()
        if re.search(until, str(told.value)):
            return True
    return False


def test_numbers_count_within_a_stream_and_runs_differ() -> None:
    one, other = Numbering("cam"), Numbering("cam")
    found = [one.item(colour()), one.item(colour()), one.item(colour(), "door"), one.item(colour())]
    assert [(item.stream, item.seq) for item in found] == [("cam", 0), ("cam", 1), ("door", 0), ("cam", 2)]
    assert one.run != other.run
    assert {item.run for item in found} == {one.run}


def test_a_frame_that_has_an_identity_keeps_it() -> None:
    frame = picture(5, "door", run=9)
    assert Numbering("cam").item(frame).identity == frame.identity
    assert Numbering("cam").item(frame, "gate", {"a": 1}).stream == "gate"


def test_what_is_no_picture_is_refused() -> None:
    with pytest.raises(BadFrame, match="list is no picture"):
        Numbering().item([1, 2, 3])  # type: ignore[arg-type]
    with pytest.raises(OptionError, match="my door"):
        Numbering().item(colour(), "my door")


def test_closing_given_pictures_closes_the_generator_behind_them() -> None:
    closed = threading.Event()

    def pictures() -> Any:
        try:
            yield colour()
            yield colour()
        finally:
            closed.set()

    given = Given(pictures())
    next(iter(given))
    given.close()
    assert closed.is_set()
