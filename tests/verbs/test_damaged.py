"""One damaged picture of an old camera ends a recording only where nobody said that it may be left out."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest

import framebus as fb
from framebus.core.errors import OpError
from framebus.core.frame import Frame
from framebus.web.recorder_process import Recorder
from framebus.wire.encodings import EncodedImage, encode
from tests.waiting import until

KINDS = ("run.h5", "run.tiff", "run.zarr", "run.mp4", "run.mkv", "frames/")


def arrived(count: int, damaged: int) -> list[Frame]:
    """Frames of a sender of JPEGs, one of which was cut on its way."""
    frames: list[Frame] = []
    for seq in range(count):
        image = np.full((48, 64, 3), 20 * seq, np.uint8)
        frame = encode(Frame.of(image, stream="pi", run=7, seq=seq, captured_ns=10**18 + seq * 10**8), "jpeg")
        assert isinstance(frame.content, EncodedImage)
        data = frame.content.data[:40] if seq == damaged else frame.content.data
        frames.append(frame.replace(content=msgspec.structs.replace(frame.content, data=data)))
    return frames


@pytest.mark.parametrize("damaged", [0, 3, 7])
@pytest.mark.parametrize("kind", KINDS)
def test_is_left_out_where_that_is_wanted(
    tmp_path: Path, kind: str, damaged: int, caplog: pytest.LogCaptureFixture
) -> None:
    place = f"{tmp_path}/{kind}"
    fb.pipe(arrived(8, damaged), place, on_error="skip")
    with fb.open(place) as recording:
        levels = [int(frame.bgr.mean()) for frame in recording]
    expected = [20 * seq for seq in range(8) if seq != damaged]
    assert np.allclose(levels, expected, atol=3)
    assert f"frame {damaged} of pi cannot be written, damaged jpeg" in caplog.text


@pytest.mark.parametrize("kind", KINDS)
def test_ends_the_pipe_otherwise_and_says_which_it_was(tmp_path: Path, kind: str) -> None:
    with pytest.raises(OpError, match=r"frame 3 of pi cannot be written, damaged jpeg.*--on-error skip"):
        fb.pipe(arrived(8, 3), f"{tmp_path}/{kind}")


def test_goes_on_as_it_is_where_nobody_looks_at_it(tmp_path: Path) -> None:
    fb.pipe(arrived(8, 3), f"{tmp_path}/frames/{{seq}}.jpg")
    assert len(list((tmp_path / "frames").glob("*.jpg"))) == 8


def test_does_not_end_what_the_page_records(tmp_path: Path, free_port: int) -> None:
    address = f"tcp://127.0.0.1:{free_port}"
    with fb.publish(address, wait_for=1) as out:
        recorder = Recorder(address, f"{tmp_path}/pi.h5")
        for frame in arrived(8, 3):
            out.send(frame)
        until(lambda: recorder.told()["frames"] == 7)
        told = recorder.finish()
    assert (told["frames"], told["missed"], told["why"]) == (7, 1, "")
