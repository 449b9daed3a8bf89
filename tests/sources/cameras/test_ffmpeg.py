"""What FFmpeg reads: packets in one form whatever they came in, other codecs as pictures, and its errors in words."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from fractions import Fraction
from itertools import islice
from typing import Any

import av
import pytest

from framebus.codecs.decoding import Decoder
from framebus.core.addresses import Url
from framebus.core.errors import Unavailable
from framebus.core.frame import Frame, Packet
from framebus.core.registry import SOURCES
from framebus.sources.cameras import ffmpeg, http, keeping
from framebus.wire.annexb import parameter_sets
from tests.sources.cameras.coded import ENCODERS, number_in, picture
from tests.sources.cameras.servers import Call, serving

COUNT = 40


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "FIRST_PAUSE_NS", 1_000_000)


def video(container: str, codec: str) -> bytes:
    """A film of `COUNT` pictures that show their number."""
    file = io.BytesIO()
    with av.open(file, "w", format=container) as out:
        _write(out, codec)
    return file.getvalue()


def _write(out: Any, codec: str) -> None:
    stream = out.add_stream(codec, rate=25)
    stream.width, stream.height, stream.pix_fmt = 128, 96, "yuv420p"
    more = {"x265-params": "log-level=none"} if codec == "libx265" else {}
    stream.codec_context.options = {"g": "10", "preset": "ultrafast", "tune": "zerolatency", **more}
    stream.codec_context.gop_size = 10
    stream.codec_context.time_base = Fraction(1, 25)
    for number in range(COUNT):
        frame = av.VideoFrame.from_ndarray(picture(number).data, "gray").reformat(format="yuv420p")
        frame.pts = number
        out.mux(stream.encode(frame))
    out.mux(stream.encode(None))


def sending(data: bytes, kind: str = "video/mp2t") -> Any:
    """A server of that film, which says nothing more after it."""

    def film(call: Call) -> None:
        call.begin(kind)
        call.say(data)
        call.hang()

    return serving(film)


def test_is_what_the_schemes_open() -> None:
    for scheme in ("rtmp", "rtmps", "srt", "udp"):
        assert SOURCES.get(scheme) is ffmpeg.open_source


class TestPackets:
    @pytest.mark.parametrize(("container", "codec"), [("mpegts", "h264"), ("flv", "h264"), ("mpegts", "h265")])
    def test_are_annex_b_with_their_parameter_sets_whatever_they_came_in(self, container: str, codec: str) -> None:
        with sending(video(container, ENCODERS[codec])) as url:
            feed = ffmpeg.connect(url, deadline_s=2, packets=True)
            items = [item for item in islice(feed, 20) if isinstance(item, Packet)]
            feed.close()
        assert items[0].key
        assert {item.codec for item in items} == {codec}
        assert all(bytes(item.data[:4]) in (b"\0\0\0\1", b"\0\0\1" + bytes(item.data[3:4])) for item in items)
        assert parameter_sets(items[0].config, codec) == items[0].config != b""
        assert [item.pts - items[0].pts for item in items] == pytest.approx(
            [40_000_000 * n for n in range(20)], abs=1e6
        )
        decoder = Decoder()
        assert [number_in(frame) for item in items for frame in decoder.decode(item)] == list(range(20))

    def test_of_another_codec_do_not_travel(self) -> None:
        with sending(video("mpegts", "mpeg2video")) as url, pytest.raises(Unavailable, match="sends mpeg2video, which"):
            ffmpeg.connect(url, deadline_s=2, packets=True)


class TestPictures:
    def test_of_another_codec_come_decoded(self) -> None:
        with sending(video("mpegts", "mpeg2video")) as url:
            feed = ffmpeg.connect(url, deadline_s=2, packets=False)
            frames = [item for item in islice(feed, 10) if isinstance(item, Frame)]
            feed.close()
        assert [number_in(frame) for frame in frames] == list(range(10))

    def test_of_video_over_http_come_by_themselves(self) -> None:
        with sending(video("mpegts", "libx264")) as url:
            maker = http.open_source(Url(url), deadline=2)
            frames = [item for item in islice(maker, 10) if isinstance(item, Frame)]
            maker.close()
        assert [number_in(frame) for frame in frames] == list(range(10))
        assert [frame.seq for frame in frames] == list(range(10))


class TestOverUdp:
    @pytest.fixture
    def port(self, free_port: int) -> Iterator[int]:
        """Somebody sends there, again and again."""
        over = threading.Event()

        def send() -> None:
            while not over.wait(0.01):
                with av.open(f"udp://127.0.0.1:{free_port}?pkt_size=1316", "w", format="mpegts") as out:
                    _write(out, "libx264")

        thread = threading.Thread(target=send)
        thread.start()
        yield free_port
        over.set()
        thread.join()

    def test_pictures_come(self, port: int) -> None:
        maker = ffmpeg.open_source(Url(f"udp://127.0.0.1:{port}"), deadline=1)
        frames = list(islice(maker, 5))
        maker.close()
        assert [frame.seq for frame in frames] == list(range(5))
        assert {frame.stream for frame in frames} == {"127.0.0.1"}


class TestTrouble:
    @pytest.mark.parametrize(
        ("status", "text"),
        [("401 Unauthorized", "refuses the user"), ("404 Not Found", "nothing under this path"), ("500 Oh", "cannot")],
    )
    def test_is_told_in_words_without_the_password(self, status: str, text: str) -> None:
        with serving(lambda call: call.answer(status)) as url, pytest.raises(Unavailable, match=text) as refusal:
            ffmpeg.connect(url.replace("//", "//me:canary@"), deadline_s=5, packets=False)
        assert "canary" not in str(refusal.value)
        assert refusal.value.__cause__ is None
        assert refusal.value.__suppress_context__

    def test_somebody_who_does_not_answer_is_given_up(self) -> None:
        with serving(Call.hang) as url, pytest.raises(Unavailable, match=r"127\.0\.0\.1"):
            ffmpeg.connect(url, deadline_s=0.2, packets=False)

    def test_silence_is_a_break(self) -> None:
        with sending(video("mpegts", "libx264")) as url:
            feed = ffmpeg.connect(url, deadline_s=0.5, packets=False)
            with pytest.raises(Unavailable):
                list(feed)
            feed.close()

    def test_what_is_no_video_is_refused(self) -> None:
        with (
            serving(lambda call: call.answer("200 OK", b"hello " * 1000)) as url,
            pytest.raises(Unavailable, match="cannot be read"),
        ):
            ffmpeg.connect(url, deadline_s=5, packets=False)


class TestParameterSets:
    def test_are_found_among_the_units(self) -> None:
        unit = b"\0\0\1\x09\xf0" + b"\0\0\0\1\x67abc" + b"\0\0\1\x68d" + b"\0\0\1\x65slice"
        assert parameter_sets(unit, "h264") == b"\0\0\0\1\x67abc\0\0\0\1\x68d"

    def test_may_be_missing(self) -> None:
        assert parameter_sets(b"\0\0\1\x65slice", "h264") == b""
        assert parameter_sets(b"", "h265") == b""
