"""Our client and a camera: pictures as they come, and what happens when they do not."""

from __future__ import annotations

import contextlib
import select
import ssl
import sys
import threading
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import pytest

from framebus.core import clock
from framebus.core.errors import AddressError, OptionError, Unavailable
from framebus.core.frame import Packet
from framebus.sources import stamp
from framebus.sources.rtsp import rtsp_feed as rtsp_feed
from framebus.sources.rtsp.client import connect
from framebus.sources.rtsp.rtsp_feed import RtspFeed
from framebus.testing.camera import TestCamera

from .packets import PPS, SPS, rtp, stap
from .scripted import Scripted

SECRET, WRONG = "pass word", "geheim"
CERTIFICATE = Path(__file__).with_name("camera.pem")
SDP = b"v=0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"
HELLO = b"RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n"
SET_UP = b"RTSP/1.0 200 OK\r\nCSeq: 3\r\nSession: 1\r\nTransport: RTP/AVP/TCP;interleaved=0-1\r\n\r\n"
PLAYING = b"RTSP/1.0 200 OK\r\nCSeq: 4\r\n\r\n"


def described(sdp: bytes) -> bytes:
    return b"RTSP/1.0 200 OK\r\nCSeq: 2\r\nContent-Length: %d\r\n\r\n%s" % (len(sdp), sdp)


DESCRIBED = described(SDP)


def framed(channel: int, data: bytes) -> bytes:
    return bytes((0x24, channel)) + len(data).to_bytes(2, "big") + data


def take(feed: RtspFeed, count: int) -> list[Packet]:
    return list(islice(feed, count))


def numbers(packets: list[Packet]) -> list[int | None]:
    """Which pictures these are, read out of their pixels; None where the decoder made none."""
    import av

    decoder = av.CodecContext.create(packets[0].codec.replace("h265", "hevc"), "r")
    decoder.thread_count = 1
    decoder.flags |= av.codec.context.Flags.low_delay
    found: list[int | None] = []
    for packet in packets:
        pictures = [stamp.read(frame.to_ndarray(format="bgr24")) for frame in decoder.decode(av.Packet(packet.data))]
        found += [picture[0] if picture else None for picture in pictures]
    return found


@pytest.fixture
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing but what the test is about wakes a feed up."""
    monkeypatch.setattr("framebus.sources.rtsp.rtsp_feed.REPORT_S", 1e6)


@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_who_is_in_no_hurry_gets_every_picture_too(transport: str) -> None:
    with TestCamera(fps=0) as camera, contextlib.closing(connect(camera.url, transport=transport)) as feed:
        feed.hurry(False)
        camera.shoot(8)
        assert numbers(take(feed, 8)) == list(range(8))


@pytest.mark.skipif(sys.platform != "linux", reason="NOT TESTED: elsewhere what came waits for its time")
def test_a_hurry_wakes_who_gathers(quiet: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rtsp_feed, "GATHERED_S", 1e6)
    monkeypatch.setattr(rtsp_feed, "GATHERED_BYTES", 1 << 20)
    with TestCamera(fps=0, size="320x240") as camera, contextlib.closing(connect(camera.url)) as feed:
        feed.hurry(False)
        taken = list[Packet]()
        taking = threading.Thread(target=lambda: taken.extend(take(feed, 1)))
        taking.start()
        camera.shoot()
        assert not taken, "it came at once: nothing was gathered"
        feed.hurry(True)
        taking.join()
    assert numbers(taken) == [0]


def test_who_waits_already_gathers_from_then_on(quiet: None, monkeypatch: pytest.MonkeyPatch) -> None:
    with TestCamera(fps=0, size="320x240") as camera, contextlib.closing(connect(camera.url)) as feed:
        waits, bell = threading.Event(), select.poll()
        bell.register(feed._bell, select.POLLIN)

        class NotTheLine:
            """As if what came were never enough to wake anybody."""

            def poll(self, timeout_ms: float) -> list[tuple[int, int]]:
                if timeout_ms > 1000:
                    waits.set()
                return bell.poll(timeout_ms)

        monkeypatch.setattr(feed, "_poll", NotTheLine())
        taken = list[Packet]()
        taking = threading.Thread(target=lambda: taken.extend(take(feed, 1)))
        taking.start()
        assert waits.wait(20)
        feed.hurry(False)  # it waits for a first byte, for as long as a camera may be silent
        camera.shoot()
        taking.join()
    assert numbers(taken) == [0]


@pytest.mark.skipif(sys.platform != "linux", reason="NOT TESTED: elsewhere what came waits for its time")
def test_much_is_read_without_a_hurry(quiet: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rtsp_feed, "GATHERED_S", 1e6)
    with TestCamera(fps=0) as camera, contextlib.closing(connect(camera.url)) as feed:
        feed.hurry(False)
        camera.shoot(200)
        assert take(feed, 1)


@pytest.mark.parametrize("codec", ["h264", "h265"])
@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_each_picture_is_given_out_before_the_next_is_taken(codec: str, transport: str) -> None:
    with TestCamera(fps=0, codec=codec) as camera:
        feed = connect(camera.url, transport=transport)
        packets = []
        for _ in range(8):
            camera.shoot()  # the camera takes no other until this one is here
            packets.append(next(feed))
        feed.close()
    assert numbers(packets) == list(range(8))
    assert [packet.key for packet in packets] == [True] + 7 * [False]
    assert feed.transport == transport
    assert feed.counts.lost == feed.counts.dropped == 0


def test_a_packet_has_all_but_an_identity() -> None:
    with TestCamera(fps=0) as camera:
        feed = connect(camera.url)
        before = clock.utc_ns()
        camera.shoot(2)
        first, second = take(feed, 2)
        feed.close()
    assert (first.stream, first.run, first.seq) == ("", 0, 0)
    assert first.codec == "h264"
    assert first.clock == clock.boot_id()
    assert before <= first.captured_ns <= second.captured_ns <= clock.utc_ns()
    assert 0 < first.captured_mono_ns <= clock.mono_ns()
    assert first.config == feed.config
    assert bytes(first.data[:5]) == b"\0\0\0\1\x67"
    assert first.pts == 0 < second.pts == second.dts


@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_the_camera_s_own_clock_is_passed_on(transport: str) -> None:
    with TestCamera(fps=0) as camera:
        feed = connect(camera.url, transport=transport)
        camera.shoot(3)
        packets = take(feed, 3)
        feed.close()
    assert camera.reports >= 1
    for packet in packets[1:]:
        assert abs(packet.meta["camera_ns"] - packet.captured_ns) < 60e9
    assert packets[1].meta["camera_ns"] < packets[2].meta["camera_ns"]


@pytest.mark.parametrize("login", ["basic", "digest", "digest-sha256"])
def test_passwords(login: str) -> None:
    with TestCamera(fps=0, user="me", password=SECRET, login=login) as camera:
        feed = connect(camera.url)
        camera.shoot()
        assert next(feed).key
        feed.close()
        with pytest.raises(Unavailable, match="refuses the user or the password") as error:
            connect(camera.url_of("cam", password=WRONG))
        assert WRONG not in str(error.value)
        with pytest.raises(Unavailable, match="wants a user and a password"):
            connect(camera.url_of("cam", user=""))


def test_a_path_that_does_not_exist() -> None:
    with TestCamera(fps=0) as camera, pytest.raises(Unavailable, match="no such path"):
        connect(camera.url_of("nope"))


def test_several_paths() -> None:
    with TestCamera(fps=0, paths={"main": "320x240", "sub": "160x120"}) as camera:
        feeds = [connect(camera.url_of(path)) for path in ("main", "sub")]
        camera.shoot()
        main, sub = (next(feed) for feed in feeds)
        for feed in feeds:
            feed.close()
    assert main.config != sub.config


def test_another_transport_is_taken_where_the_first_is_refused() -> None:
    with TestCamera(fps=0, transports=["udp"]) as camera:
        feed = connect(camera.url, transport="auto")
        camera.shoot()
        assert next(feed).key
        assert feed.transport == "udp"
        feed.close()
        with pytest.raises(Unavailable, match='transport="udp"'):
            connect(camera.url)
        camera.refuse("udp")
        with pytest.raises(Unavailable, match='transport="tcp"'):
            connect(camera.url, transport="udp")
        feed = connect(camera.url, transport="auto")
        assert feed.transport == "tcp"
        assert feed._udp is None
        feed.close()


def test_packets_of_udp_that_overtook_others_are_put_back() -> None:
    with TestCamera(fps=0) as camera:
        feed = connect(camera.url, transport="udp")
        camera.shoot()
        packets = take(feed, 1)
        for _ in range(4):
            camera.reorder(1)
            camera.shoot(2)
            packets += take(feed, 2)
        feed.close()
    assert numbers(packets) == list(range(9))
    assert feed.counts.lost == 0


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_after_a_loss_pictures_come_from_a_key_frame_on(transport: str) -> None:
    with TestCamera(fps=0, gop=6) as camera:
        feed = connect(camera.url, transport=transport)
        camera.shoot()
        packets = take(feed, 1)
        camera.drop(1)
        camera.shoot(9)
        packets += take(feed, 4)
        feed.close()
    assert numbers(packets) == [0, 6, 7, 8, 9]
    assert [packet.key for packet in packets] == [True, True, False, False, False]
    assert feed.counts.lost == 1
    assert packets[1].missed == feed.counts.dropped >= 4


@pytest.mark.usefixtures("quiet")
def test_a_key_frame_after_a_loss_does_not_wait_for_the_next_picture() -> None:
    with TestCamera(fps=0, session_timeout_s=9999) as camera:  # so that nothing else wakes the feed up
        feed = connect(camera.url, transport="udp", deadline_s=999)
        camera.shoot()
        assert next(feed).key
        camera.drop(1)
        camera.shoot()
        camera.change("160x120")
        camera.shoot()
        packet = next(feed)
        feed.close()
    assert (packet.key, packet.missed) == (True, 1)


def test_damaged_packets_cost_pictures_and_none_is_given_out_damaged() -> None:
    with TestCamera(fps=0, gop=6) as camera:
        feed = connect(camera.url)
        camera.shoot()
        packets = take(feed, 1)
        camera.corrupt(2)
        camera.shoot(8)
        packets += take(feed, 3)
        feed.close()
    assert numbers(packets) == [0, 6, 7, 8]


def test_a_new_picture_size_comes_with_a_key_frame_and_its_configuration() -> None:
    with TestCamera(fps=0) as camera:
        feed = connect(camera.url)
        camera.shoot(2)
        before = take(feed, 2)
        camera.change("640x480")
        camera.shoot(2)
        after = take(feed, 2)
        feed.close()
    assert after[0].key
    assert after[0].config == after[1].config != before[1].config
    assert numbers(before + after) == [0, 1, 2, 3]


@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_a_camera_that_hangs_is_noticed(transport: str) -> None:
    with TestCamera(fps=0) as camera:
        feed = connect(camera.url, transport=transport, deadline_s=0.2)
        camera.shoot()
        assert next(feed).key
        camera.stall()
        with pytest.raises(Unavailable, match=r"sent nothing for 0.2 s"):
            next(feed)
        assert list(feed) == []


def test_a_camera_that_never_shows_a_picture_is_noticed() -> None:
    with TestCamera(fps=50, gop=1000) as camera:
        feed = connect(camera.url, deadline_s=0.5)
        assert next(feed).key
        camera.drop(1)
        with pytest.raises(Unavailable, match="no picture that can be shown"):
            for _ in feed:
                pass


def test_a_cable_that_is_cut_is_noticed() -> None:
    with TestCamera(fps=0) as camera:
        feed = connect(camera.url)
        camera.shoot()
        assert next(feed).key
        camera.cut()
        with pytest.raises(Unavailable, match=r"broke the connection|closed the connection"):
            next(feed)


def test_a_camera_that_is_switched_off_and_on() -> None:
    with TestCamera(fps=0) as camera:
        feed = connect(camera.url)
        camera.close()
        with pytest.raises(Unavailable):
            next(feed)
        with pytest.raises(Unavailable, match="cannot be reached"):
            connect(camera.url)
        camera.open()
        feed = connect(camera.url)
        camera.shoot()
        assert next(feed).key
        feed.close()


def test_a_session_that_is_forgotten_is_noticed_by_the_sign_of_life() -> None:
    with TestCamera(fps=0, session_timeout_s=1) as camera:
        feed = connect(camera.url, deadline_s=30)
        camera.forget_sessions()
        with pytest.raises(Unavailable, match="454"):
            next(feed)


def test_signs_of_life_are_sent_while_waiting() -> None:
    with TestCamera(fps=0, session_timeout_s=1, user="me", password=SECRET) as camera:
        feed = connect(camera.url, deadline_s=3)
        camera.forget_nonce()  # proofs are made anew as well
        shots = threading.Thread(target=lambda: _shoot_after(camera, "GET_PARAMETER", 3))
        shots.start()
        assert next(feed).key
        shots.join()
        feed.close()
    assert ("GET_PARAMETER", camera.url_of("cam", user="") + "/") in camera.requests


def _shoot_after(camera: TestCamera, method: str, times: int) -> None:
    while [asked for asked, _ in camera.requests].count(method) < times:
        threading.Event().wait(0.01)
    camera.shoot()


def test_a_camera_that_moved_is_followed() -> None:
    with TestCamera(fps=0) as there, TestCamera(fps=0) as here:
        here.move("cam", there.url)
        feed = connect(here.url)
        there.shoot()
        assert next(feed).key
        feed.close()
        there.move("cam", here.url)
        with pytest.raises(Unavailable, match="from one address to the next"):
            connect(here.url)
        here.move("cam", "http://elsewhere/")
        with pytest.raises(Unavailable, match="a place that cannot be"):
            connect(here.url)


def test_a_camera_that_says_goodbye_is_left() -> None:
    with TestCamera(fps=0) as camera:
        feed = connect(camera.url)
        camera.shoot()
        camera.goodbye()
        assert next(feed).key
        with pytest.raises(Unavailable, match="said goodbye"):
            next(feed)


def test_a_recording_ends() -> None:
    goodbye = framed(1, bytes.fromhex("80c9000100000007" + "81cb000100000007"))
    picture = framed(0, rtp(1, 0, stap(SPS, PPS, b"\x65\x88abc"), marker=True))
    with Scripted([HELLO, described(SDP + b"a=range:npt=0-1\r\n"), SET_UP, PLAYING + picture + goodbye]) as server:
        assert [packet.key for packet in connect(server.url)] == [True]


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_closing_from_another_thread_ends_the_wait(transport: str) -> None:
    with TestCamera(fps=0) as camera:
        feed = connect(camera.url, transport=transport, deadline_s=60)
        seen: list[Packet] = []
        reader = threading.Thread(target=lambda: seen.extend(feed))
        reader.start()
        camera.shoot(3)
        _wait_for(lambda: len(seen) == 3)
        feed.close()
        feed.close()
        reader.join(10)
        assert not reader.is_alive()
        assert list(feed) == []


def test_closing_says_goodbye_to_the_camera() -> None:
    with TestCamera(fps=0) as camera:
        connect(camera.url).close()
        _wait_for(lambda: any(method == "TEARDOWN" for method, _ in camera.requests))


def test_closing_many_times_from_many_threads() -> None:
    with TestCamera(fps=200) as camera:
        feed = connect(camera.url)
        threads = [threading.Thread(target=feed.close) for _ in range(8)]
        threads.insert(4, threading.Thread(target=lambda: list(feed)))
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
            assert not thread.is_alive()


def _wait_for(condition: Callable[[], bool]) -> None:
    for _ in range(1000):
        if condition():
            return
        threading.Event().wait(0.01)
    pytest.fail("it did not happen")


# TLS ---------------------------------------------------------------------------------------------------


@pytest.fixture
def tls() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    return context


def test_a_certificate_that_is_known(tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    with TestCamera(fps=0, tls=tls, size="640x480") as camera:
        assert camera.url.startswith("rtsps://")
        feed = connect(camera.url)
        camera.shoot(5)
        assert numbers(take(feed, 5)) == list(range(5))
        feed.close()


def test_a_certificate_that_nobody_vouches_for(tls: ssl.SSLContext) -> None:
    with TestCamera(fps=0, tls=tls) as camera:
        with pytest.raises(Unavailable, match="verify=False"):
            connect(camera.url)
        feed = connect(camera.url, verify=False)
        camera.shoot()
        assert next(feed).key
        feed.close()


def test_a_camera_without_tls(free_port: int) -> None:
    with TestCamera(fps=0) as camera, pytest.raises(Unavailable, match="try rtsp://"):
        connect(camera.url.replace("rtsp:", "rtsps:"), deadline_s=0.5)


# servers that are no cameras ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answers", "what"),
    [
        ([None], "closed the connection"),
        ([b"HTTP/1.1 400 Bad Request\r\n\r\n"], "web server"),
        ([b"\x00\x01\x02\x03"], "neither media nor a message"),
        ([HELLO, b"RTSP/1.0 200 OK\r\nCSeq: 2\r\nContent-Length: 99999999\r\n\r\n"], "refused"),
        ([HELLO, b"RTSP/1.0 200 OK\r\n" + b"x" * 200_000], "refused"),
        ([HELLO, DESCRIBED, SET_UP.replace(b"Session: 1", b"Session: a b")], "no name of a session"),
        ([HELLO, DESCRIBED, SET_UP.replace(b"0-1", b"0-900")], "no ports"),
        ([HELLO, DESCRIBED, SET_UP, b"RTSP/1.0 500 \r\nCSeq: 4\r\n\r\n"], "refuses PLAY"),
    ],
)
def test_a_server_that_makes_no_sense_is_left(answers: list[bytes | None], what: str) -> None:
    with Scripted(answers) as server, pytest.raises(Unavailable, match=what) as error:
        connect(server.url)
    assert WRONG not in str(error.value)


@pytest.mark.parametrize("answers", [[], [HELLO], [HELLO, DESCRIBED[:-5]], [HELLO, DESCRIBED, SET_UP]])
def test_a_server_that_does_not_answer_is_left(answers: list[bytes | None]) -> None:
    with Scripted(answers) as server, pytest.raises(Unavailable, match=r"does not answer within 0.2 s"):
        connect(server.url, deadline_s=0.2)


@pytest.mark.parametrize(
    "media",
    [
        b"\xff\xff\xff\xff",
        framed(0, b"short") + framed(9, b"nobody's") + b"????",
        framed(0, rtp(1, 0, b"\x9f" * 30, marker=True)) * 3 + framed(1, b"\x80\xc8\xff\xff") + b"\0\0\0\0",
    ],
)
def test_media_that_makes_no_sense_breaks_the_connection_at_most(media: bytes) -> None:
    with Scripted([HELLO, DESCRIBED, SET_UP, PLAYING, media]) as server:
        feed = connect(server.url)
        with pytest.raises(Unavailable, match="neither media nor a message"):
            next(feed)


def test_a_flood_of_datagrams_from_elsewhere_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    with TestCamera(fps=0) as camera, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.bind(("127.0.0.2", 0))
        feed = connect(camera.url, transport="udp")
        assert feed._udp is not None
        for port in feed._udp.ports:
            for _ in range(20):
                stranger.sendto(rtp(1, 0, b"\x65\x88evil", marker=True), ("127.0.0.1", port))
        camera.shoot(3)
        assert numbers(take(feed, 3)) == [0, 1, 2]
        assert feed.counts.bad == feed.counts.lost == 0
        feed.close()


# what cannot be meant ----------------------------------------------------------------------------------


def test_addresses_and_options_are_checked() -> None:
    with pytest.raises(AddressError):
        connect("http://cam/x")
    with pytest.raises(OptionError, match="transport='sctp'"):
        connect("rtsp://cam/x", transport="sctp")
    with pytest.raises(OptionError, match="deadline_s"):
        connect("rtsp://cam/x", deadline_s=0)


def test_nobody_at_home(free_port: int) -> None:
    with pytest.raises(Unavailable, match=rf"rtsp://127.0.0.1:{free_port}/x cannot be reached"):
        connect(f"rtsp://me:geheim@127.0.0.1:{free_port}/x")


def test_a_host_that_does_not_exist() -> None:
    with pytest.raises(Unavailable, match="check its name"):
        connect("rtsp://cam.invalid/x")
