"""What cameras say they have."""

from __future__ import annotations

import base64
import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framebus.core.errors import BadFrame, Unavailable
from framebus.sources.rtsp.sdp import Track, video_track

from .packets import PPS, SPS

HEAD = "v=0\r\no=- 0 0 IN IP4 0.0.0.0\r\ns=cam\r\nt=0 0\r\n"
SETS = ",".join(base64.b64encode(unit).decode().rstrip("=") for unit in (SPS, PPS))
H264 = (
    "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"
    f"a=fmtp:96 packetization-mode=1; sprop-parameter-sets={SETS}; profile-level-id=42c01e\r\na=control:trackID=1\r\n"
)
H265 = (
    "m=video 0 RTP/AVP 98\na=rtpmap:98 h265/90000\n"
    "a=fmtp:98 sprop-vps=QAE=;sprop-sps=QgE=;sprop-pps=RAE=\na=control:rtsp://cam/video\n"
)
AUDIO = "m=audio 0 RTP/AVP 0 97\r\na=rtpmap:97 MPEG4-GENERIC/16000\r\na=control:trackID=2\r\n"


def track(text: str) -> Track:
    return video_track((HEAD + text).encode())


def test_h264() -> None:
    assert track("a=control:*\r\n" + AUDIO + H264) == Track("h264", 96, 90_000, "trackID=1", "", (SPS, PPS))


def test_h265() -> None:
    found = track("a=control:rtsp://cam/all\r\n" + H265)
    assert (found.codec, found.payload_type, found.control) == ("h265", 98, "rtsp://cam/video")
    assert found.aggregate == "rtsp://cam/all"
    assert [unit.hex() for unit in found.sets] == ["4001", "4201", "4401"]


def test_the_first_track_that_can_be_read_is_taken() -> None:
    other = "m=video 0 RTP/AVP 26\r\na=control:jpeg\r\n"
    assert track(other + H264 + H265).control == "trackID=1"


def test_the_second_format_of_a_track_may_be_the_one() -> None:
    assert (
        track("m=video 0 RTP/AVP 100 96\r\na=rtpmap:100 VP8/90000\r\n" + H264.partition("\r\n")[2]).payload_type == 96
    )


@pytest.mark.parametrize(
    ("range", "finite"), [("npt=0-12.5", True), ("npt=now-", False), ("npt=0-", False), ("clock=20200101T-", False)]
)
def test_recordings_end_and_cameras_go_on(range: str, finite: bool) -> None:
    assert track(f"a=range:{range}\r\n{H264}").finite is finite


@pytest.mark.parametrize(
    ("text", "offers"),
    [
        ("m=video 0 RTP/AVP 26\r\n", "JPEG"),
        ("m=video 0 RTP/AVP 97\r\na=rtpmap:97 VP9/90000\r\n", "VP9"),
        (AUDIO, "no video at all"),
        ("", "no video at all"),
    ],
)
def test_other_codecs_are_named(text: str, offers: str) -> None:
    with pytest.raises(Unavailable, match=f'{offers}.*H.264.*backend="ffmpeg"'):
        track(text)


@pytest.mark.parametrize("option", ["packetization-mode=2", "sprop-max-don-diff=3"])
def test_interleaved_pictures_are_not_read(option: str) -> None:
    with pytest.raises(Unavailable, match="interleaved"):
        track(H264.replace("packetization-mode=1", option))


def test_damaged_parameter_sets_are_left_out() -> None:
    assert track(H264.replace(SETS, "?!," + SETS)).sets == (SPS, PPS)


def test_an_odd_clock_is_taken_for_the_usual_one() -> None:
    assert track(H264.replace("/90000", "/0")).clock_hz == 90_000
    assert track(H264.replace("/90000", "")).clock_hz == 90_000


def test_a_format_that_is_called_like_a_codec_is_refused() -> None:
    with pytest.raises(BadFrame, match="'H264' is no payload type"):
        track("m=video 0 :96 H264\r\n")


def test_endless_descriptions_are_refused() -> None:
    with pytest.raises(BadFrame, match="lines"):
        track("a=x\r\n" * 3000)


@given(st.text("mva=ideo 0RTP/AVP96:rtpmap H264;fmtp,\r\ncontrol-", max_size=300))
def test_anything_is_a_track_or_refused(text: str) -> None:
    with contextlib.suppress(BadFrame, Unavailable):
        track(text + "\r\n" + H264 + text)


@given(st.binary(max_size=300))
def test_any_bytes_are_a_track_or_refused(data: bytes) -> None:
    with contextlib.suppress(BadFrame, Unavailable):
        video_track(data)
