"""RTSP's texts, and the stream they share with media."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framebus.core.errors import BadFrame
from framebus.sources.rtsp import messages
from framebus.sources.rtsp.inflow import Inflow
from framebus.sources.rtsp.messages import Request, Response

OK = b"RTSP/1.0 200 OK\r\nCSeq: 2\r\nContent-Length: 5\r\n\r\nv=0\r\n"


class Taken:
    """What an inflow handed out."""

    def __init__(self) -> None:
        self.media: list[tuple[int, bytes]] = []
        self.messages: list[Request | Response] = []
        self.inflow = Inflow(lambda channel, data: self.media.append((channel, bytes(data))), self.messages.append)

    def feed(self, data: bytes, size: int = 1 << 20) -> Taken:
        """As if `data` came in pieces of `size` bytes."""
        for at in range(0, len(data), size):
            rest = data[at : at + size]
            while rest:
                space = self.inflow.space()
                now, rest = rest[: len(space)], rest[len(space) :]
                space[: len(now)] = now
                self.inflow.arrived(len(now))
        return self


def framed(channel: int, data: bytes) -> bytes:
    return bytes((0x24, channel)) + len(data).to_bytes(2, "big") + data


def test_a_request_is_bytes_line_by_line() -> None:
    made = messages.encode_request("DESCRIBE", "rtsp://cam/x", [("CSeq", "2"), ("Accept", "application/sdp")])
    assert made == b"DESCRIBE rtsp://cam/x RTSP/1.0\r\nCSeq: 2\r\nAccept: application/sdp\r\n\r\n"


def test_an_answer_is_read() -> None:
    (answer,) = Taken().feed(OK).messages
    assert isinstance(answer, Response)
    assert (answer.status, answer.reason, answer.header("cseq"), answer.body) == (200, "OK", "2", b"v=0\r\n")


def test_a_repeated_header_keeps_all_its_values() -> None:
    head = b"RTSP/1.0 401 Unauthorized\r\nWWW-Authenticate: Basic realm=a\r\nwww-authenticate: Digest\r\n more\r\n\r\n"
    answer = messages.decode(head, b"")
    assert isinstance(answer, Response)
    assert answer.all("www-authenticate") == ["Basic realm=a", "Digest more"]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1 << 20])
def test_media_and_messages_in_any_pieces(size: int) -> None:
    stream = OK + framed(0, b"picture") + framed(1, b"") + b"\r\n" + OK + framed(0, bytes(40_000)) + OK
    taken = Taken().feed(stream, size)
    assert taken.media == [(0, b"picture"), (1, b""), (0, bytes(40_000))]
    assert len(taken.messages) == 3


def test_megabytes_go_through_one_buffer() -> None:
    packets = [framed(0, bytes((number % 256,)) * 65_000) for number in range(40)]
    assert [data[0] for _, data in Taken().feed(b"".join(packets), 30_011).media] == list(range(40))


def test_a_request_of_the_server_is_read_and_bare_line_ends_are_borne() -> None:
    (request,) = Taken().feed(b"OPTIONS * RTSP/1.0\nCSeq: 9\n\n").messages
    assert request == Request("OPTIONS", "*", (("cseq", "9"),))


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "web server"),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "no line of RTSP"),
        (b"\x16\x03\x01\x00\x05", "neither media nor a message"),
        (b"RTSP/1.0 abc OK\r\n\r\n", "no answer"),
        (b"RTSP/1.0 200 OK\r\nnonsense\r\n\r\n", "no header"),
        (b"RTSP/1.0 200 OK\r\nContent-Length: -1\r\n\r\n", "no length"),
        (b"RTSP/1.0 200 OK\r\nContent-Length: 70000\r\n\r\n", "70"),
        (b"RTSP/1.0 200 OK\r\n" + b"a: b\r\n" * 200 + b"\r\n", "200 headers"),
        (b"RTSP/1.0 200 OK\r\na: " + b"b" * 70_000, "refused"),
    ],
)
def test_what_is_no_rtsp_is_refused(data: bytes, what: str) -> None:
    with pytest.raises(BadFrame, match=what):
        Taken().feed(data)


def test_nothing_leaves_its_line() -> None:
    with pytest.raises(BadFrame, match="line break"):
        messages.encode_request("PLAY", "rtsp://cam/x", [("Session", "a\r\nb: c")])
    with pytest.raises(BadFrame, match="blanks"):
        messages.encode_request("PLAY", "rtsp://cam/x y", [])


def test_what_is_shown_of_a_stranger_is_short_and_plain() -> None:
    assert messages.shown("\x1b[31mred" + "x" * 200) == repr("?[31mred" + "x" * 72 + "…")


@given(st.binary(max_size=300), st.integers(1, 64))
def test_rubbish_is_refused_or_waited_for(data: bytes, size: int) -> None:
    with contextlib.suppress(BadFrame):
        Taken().feed(data, size)


@given(st.lists(st.tuples(st.integers(0, 255), st.binary(max_size=200)), max_size=8), st.integers(1, 64))
def test_media_comes_out_as_it_went_in(packets: list[tuple[int, bytes]], size: int) -> None:
    assert Taken().feed(b"".join(framed(*packet) for packet in packets), size).media == packets


@given(st.text("RTSP/1.0 20OK\r\n:aContent-Length5", max_size=200))
def test_nearly_messages_are_refused_or_read(text: str) -> None:
    with contextlib.suppress(BadFrame):
        Taken().feed(b"RTSP/1.0 200 OK\r\n" + text.encode() + b"\r\n\r\n")
