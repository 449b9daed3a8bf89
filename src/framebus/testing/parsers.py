"""Everything here that reads bytes from outside, each with messages that are right and the errors it may raise.

Whoever wants to know whether any bytes are survived damages the messages (`damage.Damage`) and calls `read`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from framebus.core import addresses
from framebus.core.contracts import Item
from framebus.core.errors import AddressError, BadFrame, OptionError, Unavailable
from framebus.core.frame import Array, Frame, Packet
from framebus.links import codes, datagrams, zmtp
from framebus.sources.cameras.multipart import Multipart
from framebus.sources.rtsp import auth, messages, rtcp, sdp
from framebus.sources.rtsp.reception import Reception
from framebus.testing import raw_zmtp
from framebus.web import page_messages as wishes
from framebus.web.access import Guard, Request
from framebus.web.ways import Role, Ways
from framebus.wire import control, header, replies
from framebus.wire.dialects import any_sender, imagezmq, netgear, pyzmq, recognise, split_envelope, workers
from framebus.wire.encodings import encode
from framebus.wire.recordings import imprint, picture_folder
from framebus.wire.recordings import tiff as pages
from framebus.wire.recordings import tiff_bytes as page_bytes

Parts = list[bytes]


class Parser(NamedTuple):
    """One of them."""

    name: str
    messages: Sequence[Sequence[Any]]
    """Right ones, each as its parts."""
    read: Callable[[Parts], object]
    refusals: tuple[type[Exception], ...] = (BadFrame,)
    """What it raises for what is not right; anything else is a fault."""


def parsers() -> list[Parser]:
    """All of them."""
    return [*_of_links(), *_of_cameras(), *_of_files(), *_of_people()]


# links ----------------------------------------------------------------------------------------------------------


def _of_links() -> list[Parser]:
    sent = [*_frames(), *_controls(), *_foreign()]
    return [
        Parser("headers of frames", _frames(), _read_frame),
        Parser("pictures", _frames()[3:], _read_picture),
        Parser("control messages", _controls(), lambda parts: control.decode(b"".join(parts))),
        Parser("messages of other systems", sent, lambda parts: _looked_at(any_sender.read(parts, "cam").content)),
        Parser("texts of imageZMQ", sent, lambda parts: imagezmq.decode(parts, loose=True)),
        Parser("pickles", _pickles(), lambda parts: any_sender.read(parts, "cam", "pyzmq")),
        Parser("answers of NetGear", [netgear.data_answer({"a": [1, "b"]})], netgear.decode_answer),
        Parser("words of workers", _words(), _read_words),
        Parser("whose message it is", sent, lambda parts: (recognise(parts), split_envelope(parts)), ()),
        Parser("ZeroMQ's own words", _conversations(), _converse, ()),
        Parser("answers of services", _answers(), _read_answer),
        Parser("datagrams of this machine", _datagrams(), _read_datagram),
    ]


@functools.cache
def picture() -> Frame:
    """A small picture with everything a frame may have."""
    image = np.arange(8 * 8 * 3, dtype=np.uint8).reshape(8, 8, 3)
    extra: dict[str, Array] = {"depth": np.ones((4, 4), np.float32), "mask": np.ones(3, np.uint8)}
    return Frame.of(image, stream="porch", meta={"lens": "é", "n": [1, None, {"a": 2.5}]}, arrays=extra, seq=7)


_FRAMES = control.FrameRange("cam", "00000000000000ab", 1, 9)


def _frames() -> list[list[Any]]:
    packet = Packet(data=memoryview(b"\0\0\1\x65"), codec="h264", key=True, pts=-5, dts=-9, config=b"\0\1", stream="a")
    plain = Frame.of(picture().bgr, stream="porch")
    items: list[Item] = [plain, picture(), packet, *(encode(plain, encoding) for encoding in ("jpeg", "png", "lz4"))]
    return [header.encode(item) for item in items]


def _controls() -> list[list[Any]]:
    state = control.StreamState(name="cam", run="00000000000000ab", next=5)
    told: list[control.Message] = [
        control.Hello(role="reader", want=("cam", "yard-*"), keep="all", group="g", party=control.Party(host="h")),
        control.Welcome(role="publisher", keep="latest", streams=(state,)),
        control.Refuse("rights", "no"),
        control.Credit(3, "cam", (_FRAMES,)),
        control.Reply(_FRAMES, {"a": [1, {"b": None}]}, ({"name": "x", "shape": [1]},)),
        control.End((state,)),
        control.Observe({"readers": [{"a": 1}]}),
    ]
    return [[control.encode(one)] for one in told]


def _foreign() -> list[list[Any]]:
    plain = Frame.of(picture().bgr, stream="porch")
    coded = encode(plain, "jpeg")
    return [
        *(imagezmq.encode(one, stamped=stamped) for one in (plain, coded) for stamped in (False, True)),
        *(netgear.encode(one, port="5566") for one in (plain, coded)),
        netgear.encode_end(),
        pyzmq.encode_recipe(plain),
    ]


def _pickles() -> list[list[Any]]:
    frame = Frame.of(picture().bgr)
    return [pyzmq.encode(frame), pyzmq.encode(frame, topic="cam"), pyzmq.encode_end()]


def _words() -> list[list[Any]]:
    told = (workers.Request(), workers.Task("a/b.jpg"), workers.Result("a/b.jpg", 3, True), workers.Quit())
    return [list(workers.encode(one)) for one in told] + [list(workers.encode(one))[1:] for one in told]


def _read_frame(parts: Parts) -> object:
    if len(parts) != 2:
        raise BadFrame("a frame has two parts")
    return _looked_at(header.decode(parts[0], parts[1])[0])


def _read_picture(parts: Parts) -> object:
    frame = _read_frame(parts)
    return frame.image if isinstance(frame, Frame) else frame


def _looked_at(content: object) -> object:
    """A frame may not be more than arrived."""
    if isinstance(content, Frame) and (content.nbytes > 1_000_000 or content.dtype.hasobject):
        raise AssertionError(f"{content.dtype} {content.shape} came out of a small message")
    return content


def _read_words(parts: Parts) -> object:
    try:
        return workers.decode_at_server(parts)
    except BadFrame:
        return workers.decode_at_worker(parts)


def _conversations() -> list[list[Any]]:
    ready = bytes([4, len(raw_zmtp.READY)]) + raw_zmtp.READY
    return [[raw_zmtp.GREETING, ready, raw_zmtp.message([bytes(part) for part in one])] for one in _frames()]


def _converse(parts: Parts) -> object:
    """In pieces of which none is a whole message."""
    talk = zmtp.Zmtp(initiator=False, limit=1_000_000)
    said = b"".join(parts)
    step = max(1, len(said) // 5)
    for at in range(0, len(said), step):
        talk.feed(memoryview(said)[at : at + step])
        talk.outgoing()
    return talk.messages()


def _answers() -> list[list[Any]]:
    described, length = replies.describe([("a", np.ones((2, 3), np.float32)), ("b", np.ones(5, np.uint8))])
    return [[control.encode(control.Reply(_FRAMES, None, tuple(described))), bytes(length)]]


def _read_answer(parts: Parts) -> object:
    said = control.decode(parts[0] if parts else b"")
    return replies.read(said.arrays if isinstance(said, control.Reply) else (), memoryview(b"".join(parts[1:])))


def _datagrams() -> list[list[Any]]:
    head, payload = (bytes(part) for part in header.encode(Frame.of(picture().bgr, stream="porch")))
    place = datagrams.placed(datagrams.token(1, 2), 64, 192, head)
    return [
        [datagrams.prefix(datagrams.CONTROL, [datagrams.token(3, 4)]), control.encode(control.Ping())],
        [datagrams.prefix(datagrams.WHOLE, []), datagrams.whole(head, memoryview(payload))],
        [datagrams.prefix(datagrams.PLACED, []), place],
        [datagrams.prefix(datagrams.SHOWN, []), datagrams.shown(4096, place)],
        [datagrams.prefix(datagrams.BEGIN, []), datagrams.begin(192, head)],
        [datagrams.prefix(datagrams.FORGET, []), datagrams.forget(7)],
    ]


_BODIES: dict[int, Callable[[memoryview], object]] = {
    datagrams.WHOLE: datagrams.read_whole,
    datagrams.PLACED: datagrams.read_placed,
    datagrams.SHOWN: lambda body: datagrams.read_placed(datagrams.read_shown(body)[1]),
    datagrams.BEGIN: datagrams.read_begin,
    datagrams.FORGET: datagrams.read_forget,
}


def _read_datagram(parts: Parts) -> object:
    data = memoryview(b"".join(parts))
    kind, _, start = datagrams.split(data)
    return _BODIES.get(kind, bytes)(data[start:])


# cameras --------------------------------------------------------------------------------------------------------

_SDP = (
    b"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=cam\r\nt=0 0\r\na=control:*\r\nm=video 0 RTP/AVP 96\r\n"
    b"a=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=1;sprop-parameter-sets=Z0IAH5WoFAFuQA==,aM48gA==\r\n"
    b"a=control:trackID=0\r\n"
)
_CHALLENGE = 'Digest realm="cam", nonce="abc", qop="auth", algorithm=SHA-256, Basic realm="x"'
_RTSP = (("CSeq", "1"), ("Content-Length", "5"), ("WWW-Authenticate", _CHALLENGE), ("Session", "12;timeout=60"))


def _of_cameras() -> list[Parser]:
    answer = messages.encode_response(401, "Unauthorized", _RTSP)
    question = messages.encode_request("OPTIONS", "rtsp://cam/main", _RTSP)
    jpeg = bytes(_frames()[3][1])
    part = b"--b\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n%b\r\n" % (len(jpeg), jpeg)
    return [
        Parser("messages of RTSP", [[answer], [question]], _read_rtsp),
        Parser("descriptions of cameras", [[_SDP]], lambda parts: sdp.video_track(b"".join(parts)), _NOT_HERE),
        Parser("packets of RTP", _packets(), _receive, ()),
        Parser("reports of RTCP", _reports(), lambda parts: rtcp.decode(memoryview(b"".join(parts)))),
        Parser("streams of JPEG", [[part, part, part]], lambda parts: Multipart(b"b").feed(b"".join(parts), 1, 1)),
    ]


_NOT_HERE = (BadFrame, Unavailable)


def _read_rtsp(parts: Parts) -> object:
    head = b"".join(parts)
    messages.body_length(head)
    message = messages.decode(head, b"")
    if isinstance(message, messages.Response):
        auth.challenges(message.all("www-authenticate"))
    return message


def _packets() -> list[list[bytes]]:
    def packet(number: int, payload: bytes, marker: int = 0) -> bytes:
        return bytes([0x80, 96 | marker << 7]) + number.to_bytes(2, "big") + bytes(8) + payload

    pieces = [packet(2, b"\x7c\x85abc"), packet(3, b"\x7c\x05def"), packet(4, b"\x7c\x45ghi", 1)]
    several = b"\x78\x00\x03\x67ab\x00\x03\x68cd"
    return [[packet(1, b"\x67\x42\x00\x1f"), *pieces], [packet(7, several), packet(8, b"\x65abc", 1)]]


def _receive(parts: Parts) -> object:
    reception = Reception(sdp.video_track(_SDP), 8)
    for at, part in enumerate(parts):
        reception.rtp(memoryview(part), at, at)
        reception.rtcp(memoryview(part), at)
    return reception.counts()


def _reports() -> list[list[bytes]]:
    return [[rtcp.sender_report(1, "cam", 10**18, 90_000, 5, 500), rtcp.goodbye(1)]]


# files and people -----------------------------------------------------------------------------------------------


def _of_files() -> list[Parser]:
    stamp = imprint.Imprint.of(Frame.of(picture().bgr, stream="porch", seq=3))
    coded = imprint.put(bytes(_frames()[3][1]), "mjpeg", stamp)
    return [
        Parser("pages of recordings", _recorded(), _walk),
        Parser("notes beside pictures", [[picture_folder.line("cam-00000003.png", 2)] * 2], _noted, ()),
        Parser("imprints of video", [[coded]], lambda parts: imprint.find(b"".join(parts)), ()),
    ]


def _noted(parts: Parts) -> object:
    return picture_folder.read(b"".join(parts))


def _recorded() -> list[list[bytes]]:
    parts, at = [page_bytes.header()], pages.BEGIN
    for number in range(3):
        frame = Frame.of(picture().bgr[..., 0].copy(), stream="porch", seq=number)
        told = page_bytes.described(frame, frame.data, frame.format)
        head, pixels, _ = page_bytes.page(told, frame.data, at, last=number == 2)
        end = at + len(head) + pixels.nbytes
        at = page_bytes.begins(end)
        parts += [head, bytes(pixels), bytes(at - end)]
    return [parts, [b"".join(parts)]]


def _walk(parts: Parts) -> object:
    data = b"".join(parts)
    found = []
    for page in pages.walk(lambda at, size: data[at : at + size]):
        found.append(pages.array_of(page, data[page.pixels : page.end]))
        pages.fields(page.description)
    return found


def _of_people() -> list[Parser]:
    code = codes.encode(codes.Invitation("pi", "tcp://desk:5555", "a" * 40, "b" * 40)).encode()
    places = [b"tcp://desk:5555/door-*", b"ipc:///tmp/x.sock:cam", b"rtsp://me:pw@cam/main", b"out/{stream}/{seq}.png"]
    text = [b"localhost:8080", b"http://localhost:8080", b"framebus=a-token", b"/api/streams/cam", b"area=1,2,3,4"]
    wish = b'{"op":"watch","tile":1,"stream":"cam","how":"jpeg","width":640,"look":{"area":[1,2,3,4],"low":1.5}}'
    return [
        Parser("codes of invitations", [[code]], lambda parts: codes.decode(_text(parts)), (OptionError,)),
        Parser(
            "addresses", [[place] for place in places], lambda parts: addresses.parse(_text(parts)), (AddressError,)
        ),
        Parser("wishes of pages", [[wish]], lambda parts: wishes.parse(b"".join(parts))),
        Parser("requests of browsers", [text], _ask, ()),
    ]


def _text(parts: Parts) -> str:
    return b"".join(parts).decode("latin-1")


_GUARD = Guard({"a-token-of-32-letters-0123456789": Role.ADMIN}, Ways([]))


def _ask(parts: Parts) -> object:
    host, origin, cookie, path, query = [*(part.decode("latin-1") for part in parts), *[""] * 5][:5]
    asked = Request("GET", path, query, [("host", host), ("origin", origin), ("cookie", cookie)])
    if _GUARD.refusal(asked) is None:
        raise AssertionError(f"let in without its token: {asked}")
    return None
