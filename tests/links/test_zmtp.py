"""ZMTP without sockets: what is said, what is understood, and what ends a conversation."""

from __future__ import annotations

import re
import tracemalloc
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framebus.links.connection import MAX_PARTS
from framebus.links.zmtp import (
    MAX_COMMAND_BYTES,
    MAX_HANDSHAKE_BYTES,
    PART_COST_BYTES,
    Zmtp,
    before_payload,
    frame_start,
    one_part,
)

LIMIT = 100_000
GREETING = bytes.fromhex("ff00000000000000007f 0301 4e554c4c") + bytes(48)
OURS = b"\x0aX-Framebus\0\0\0\x011"
READY_DEALER = bytes.fromhex("0439 05") + b"READY\x0bSocket-Type\0\0\0\x06DEALER" + OURS + b"\x08Identity\0\0\0\0"
READY_ROUTER = bytes.fromhex("0439 05") + b"READY\x0bSocket-Type\0\0\0\x06ROUTER" + OURS + b"\x08Identity\0\0\0\0"
READY_REQ = bytes.fromhex("0419 05") + b"READY\x0bSocket-Type\0\0\0\x03REQ"
TYPES = ["DEALER", "REQ", "ROUTER", "REP", "PUSH", "PULL", "PUB", "XPUB", "SUB", "XSUB", "PAIR"]


def _ready(kind: str) -> bytes:
    return _command(b"\x05READY\x0bSocket-Type" + len(kind).to_bytes(4, "big") + kind.encode())


def _command(body: bytes) -> bytes:
    return bytes((4, len(body))) + body if len(body) < 256 else b"\x06" + len(body).to_bytes(8, "big") + body


def _frame(body: bytes, more: bool = False) -> bytes:
    return frame_start(int(more), len(body)) + body


def _multipart(*parts: bytes) -> bytes:
    return b"".join(_frame(part, at < len(parts) - 1) for at, part in enumerate(parts))


def _after(*said: bytes, initiator: bool = False, limit: int = LIMIT) -> Zmtp:
    zmtp = Zmtp(initiator=initiator, limit=limit)
    for data in said:
        zmtp.feed(memoryview(data))
    return zmtp


def _met(kind: str = "DEALER", limit: int = LIMIT) -> Zmtp:
    zmtp = _after(GREETING, _ready(kind), limit=limit)
    assert zmtp.ready
    zmtp.outgoing()
    return zmtp


def _told(zmtp: Zmtp, *said: bytes) -> list[list[bytes]]:
    for data in said:
        zmtp.feed(memoryview(data))
    return [[bytes(part) for part in parts] for parts in zmtp.messages()]


# what is said -----------------------------------------------------------------------------------------------------


def test_the_greeting_is_said_at_once_but_for_its_last_byte() -> None:
    assert _after().outgoing() == [GREETING[:63]]


def test_a_listening_end_completes_the_greeting_and_answers_ready_with_ready() -> None:
    zmtp = _after()
    zmtp.outgoing()

    zmtp.feed(memoryview(GREETING[:32]))
    assert zmtp.outgoing() == [b"\0"]
    zmtp.feed(memoryview(GREETING[32:]))
    assert zmtp.outgoing() == []
    assert not zmtp.ready
    zmtp.feed(memoryview(READY_DEALER))
    assert zmtp.outgoing() == [READY_ROUTER]
    assert zmtp.ready


def test_a_connecting_end_introduces_itself_as_a_dealer() -> None:
    zmtp = _after(GREETING, initiator=True)

    assert zmtp.outgoing() == [GREETING[:63], b"\0", READY_DEALER]
    zmtp.feed(memoryview(READY_ROUTER))
    assert (zmtp.ready, zmtp.peer_type, zmtp.outgoing()) == (True, "ROUTER", [])


@pytest.mark.parametrize(
    ("kind", "answer"),
    [
        ("DEALER", "ROUTER"),
        ("REQ", "ROUTER"),
        ("ROUTER", "DEALER"),
        ("REP", "DEALER"),
        ("PUSH", "PULL"),
        ("PULL", "PUSH"),
        ("PUB", "SUB"),
        ("XPUB", "SUB"),
        ("SUB", "PUB"),
        ("XSUB", "PUB"),
        ("PAIR", "PAIR"),
    ],
)
def test_every_kind_of_socket_is_answered_with_the_one_that_fits(kind: str, answer: str) -> None:
    zmtp = _after(GREETING, _ready(kind))

    said = zmtp.outgoing()[2:]
    assert f"Socket-Type\0\0\0{chr(len(answer))}{answer}".encode() in said[0]
    assert said[1:] == ([b"\x00\x01\x01"] if "PUB" in kind else [])
    assert (zmtp.ready, zmtp.peer_type) == (True, kind)


def test_frames_have_short_and_long_lengths() -> None:
    assert one_part(b"") == b"\0\0"
    assert one_part(b"x" * 255) == b"\0\xff" + b"x" * 255
    assert one_part(b"x" * 256) == b"\x02" + bytes.fromhex("0000000000000100") + b"x" * 256
    assert before_payload(b"head", 5) == b"\x01\x04head\x00\x05"
    assert before_payload(b"head", 6_220_800) == b"\x01\x04head\x02" + bytes.fromhex("00000000005eec00")


def test_a_ping_is_answered_with_its_context_and_a_pong_is_not() -> None:
    zmtp = _met()

    zmtp.feed(memoryview(_command(b"\x04PING\x00\x1estill there?") + _command(b"\x04PONGwell")))
    assert zmtp.outgoing() == [b"\x04\x11\x04PONGstill there?"]


def test_a_ping_is_answered_between_the_parts_of_a_message_too() -> None:
    zmtp = _met()

    assert _told(zmtp, _frame(b"a", more=True), _command(b"\x04PING\0\0"), _frame(b"b")) == [[b"a", b"b"]]
    assert zmtp.outgoing() == [b"\x04\x05\x04PONG"]


@pytest.mark.parametrize("name", ["SUBSCRIBE", "CANCEL", "JOIN", "LEAVE", "READY", "NEWS"])
def test_other_commands_mean_nothing_here(name: str) -> None:
    zmtp = _met("SUB")

    assert _told(zmtp, _command(bytes((len(name),)) + name.encode() + b"anything"), _frame(b"hello")) == [[b"hello"]]
    assert (zmtp.over, zmtp.outgoing()) == (None, [])


# what is understood -----------------------------------------------------------------------------------------------


def test_parts_are_read_only_and_flat() -> None:
    zmtp = _met()
    zmtp.feed(memoryview(_multipart(b"head", bytes(50_000))))

    for part in zmtp.messages()[0]:
        assert (part.readonly, part.format, part.ndim, part.c_contiguous) == (True, "B", 1, True)


def test_parts_own_their_memory() -> None:
    zmtp, received = _met(), bytearray(_frame(b"first"))
    zmtp.feed(memoryview(received))

    received[:] = b"\xee" * len(received)
    assert zmtp.messages() == [[memoryview(b"first")]]


def test_the_rest_of_a_part_is_read_straight_to_its_place() -> None:
    zmtp = _met()
    zmtp.feed(memoryview(_frame(b"ab" + bytes(998))[:11]))

    for rest, piece in ((998, b"cde"), (995, bytes(995))):
        assert zmtp.hole is not None
        assert len(zmtp.hole) == rest
        zmtp.hole[: len(piece)] = piece
        zmtp.filled(len(piece))
    assert zmtp.messages() == [[memoryview(b"abcde" + bytes(995))]]


def test_an_empty_message_has_no_parts() -> None:
    assert _told(_met("PAIR"), _frame(b""), _multipart(b"", b"")) == [[], [b"", b""]]


def test_what_a_requester_sends_comes_without_the_part_before_it() -> None:
    zmtp = _met("REQ")

    assert _told(zmtp, _multipart(b"", b"head", b"pixels"), _multipart(b"", b"")) == [[b"head", b"pixels"], []]
    assert zmtp.envelope == b"\x01\x00"


def test_a_requester_that_numbers_its_requests_gets_the_last_number_back() -> None:
    zmtp = _met("REQ")

    assert zmtp.envelope == b"\x01\x00"
    assert _told(zmtp, _multipart(b"\1\2\3\4", b"", b"one"), _multipart(b"\5\6\7\x08", b"", b"two")) == [
        [b"one"],
        [b"two"],
    ]
    assert zmtp.envelope == b"\x01\x04\5\6\7\x08\x01\x00"


@pytest.mark.parametrize("kind", sorted(set(TYPES) - {"REQ", "REP", "DEALER"}))
def test_others_have_no_envelope(kind: str) -> None:
    zmtp = _met(kind)

    assert zmtp.envelope == b""
    assert _told(zmtp, _multipart(b"", b"x")) == [[b"", b"x"]]


def test_a_dealer_that_talks_like_a_requester_is_answered_like_one() -> None:
    zmtp = _met("DEALER")

    assert _told(zmtp, _multipart(b"x", b"y")) == [[b"x", b"y"]]
    assert zmtp.envelope == b""
    assert _told(zmtp, _multipart(b"", b"head", b"pixels"), _multipart(b"", b"more")) == [
        [b"head", b"pixels"],
        [b"more"],
    ]
    assert zmtp.envelope == b"\x01\x00"


def test_framebus_knows_its_own_kind() -> None:
    assert _after(GREETING, READY_ROUTER, initiator=True).peer_is_framebus
    assert not _after(GREETING, _ready("ROUTER"), initiator=True).peer_is_framebus


def test_a_replier_is_reached_in_its_envelope() -> None:
    zmtp = _after(GREETING, _ready("REP"), initiator=True)

    assert zmtp.envelope == b"\x01\x00"
    assert _told(zmtp, _multipart(b"", b"OK")) == [[b"OK"]]


def test_subscriptions_are_not_messages() -> None:
    assert _told(_met("SUB"), _frame(b"\x01door"), _frame(b"\x00door"), _frame(b"hi")) == [[b"hi"]]


def test_a_ready_is_read_whatever_the_case_and_order_of_its_properties() -> None:
    ready = b"\x05READY\x01X\0\0\0\x02hi\x0bSOCKET-TYPE\0\0\0\x04PUSH\x08Identity\0\0\0\x01i"

    assert _after(GREETING, _command(ready)).peer_type == "PUSH"


def test_the_padding_of_a_greeting_may_hold_a_length() -> None:
    """As that of libzmq does, for the sake of its own past."""
    assert _after(b"\xff" + bytes(7) + b"\x01" + GREETING[9:], READY_DEALER).ready


# what ends it -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ([b"GET / HTTP/1.1\r\n\r\n"], "does not speak ZeroMQ"),
        ([b"\x01\x00"], "does not speak ZeroMQ"),
        ([b"\xff" * 64], "which is not known here"),
        ([GREETING[:9] + b"\x7e"], "does not speak ZeroMQ"),
        ([GREETING[:10] + b"\x01"], "before 2013"),
        ([GREETING[:12] + b"GSSAPI".ljust(20, b"\0")], "GSSAPI, which is not known here"),
        ([GREETING[:12] + bytes(20)], "no mechanism, which is not known here"),
        ([GREETING, _frame(b"hello")], "a message before it had introduced itself"),
        ([GREETING, _command(b"\x04PING\0\0")], "PING before it had introduced itself"),
        ([GREETING, _command(b"\x05ERROR\x03400")], "it refused: 400"),
        ([GREETING, _command(b"\x05ERROR")], "it refused: no reason given"),
        ([GREETING, _ready("STREAM")], "it is a STREAM socket"),
        ([GREETING, _ready("\x1b[31m")], r"it is a \?\[31m socket"),
        ([GREETING, _command(b"\x05READY")], "it is a nameless socket"),
        ([GREETING, _command(b"\x05READY\x0bSocket-Type\xff\xff\xff\xffDEALER")], "introduction cannot be read"),
        ([GREETING, _command(b"\x05READY\x0bSocket")], "introduction cannot be read"),
        ([GREETING, b"\x04\x00"], "a command without a name"),
        ([GREETING, b"\x04\x02\x09R"], "a command without a name"),
        ([GREETING, b"\x06" + (MAX_HANDSHAKE_BYTES).to_bytes(8, "big")], "introduction is longer than 8192"),
        ([GREETING, READY_DEALER, b"\x08\x00"], r"no ZeroMQ frame \(flags 0x08\)"),
        ([GREETING, READY_DEALER, b"\x05\x00"], r"no ZeroMQ frame \(flags 0x05\)"),
        ([GREETING, READY_DEALER, b"\x06" + (MAX_COMMAND_BYTES + 1).to_bytes(8, "big")], "a command of 65537 bytes"),
        ([GREETING, READY_DEALER, _command(b"\x04PING\0")], "PING without its two bytes"),
        ([GREETING, READY_DEALER, _command(b"\x05ERROR\x04busy")], "it refused: busy"),
        ([GREETING, READY_DEALER, b"\x02" + bytes((0x80, 0, 0, 0, 0, 0, 0, 0))], f"{LIMIT} are allowed"),
        ([GREETING, READY_REQ, _multipart(b"x", b"y")], "REQ socket, and sent a message without the empty part"),
        ([GREETING, READY_REQ, _multipart(b"x", b"", b"y")], "REQ socket, and sent a message without the empty part"),
        ([GREETING, READY_REQ, _frame(b"")], "REQ socket, and sent a message without the empty part"),
    ],
)
def test_whoever_breaks_the_rules_is_told_off(said: Sequence[bytes], reason: str) -> None:
    zmtp = _after(*said)

    assert zmtp.over is not None
    assert re.search(reason, zmtp.over), zmtp.over
    assert not zmtp.wants_keys
    assert _told(zmtp, _frame(b"more")) == []


@pytest.mark.parametrize("mechanism", ["CURVE", "PLAIN"])
@pytest.mark.parametrize("initiator", [True, False])
def test_a_side_with_keys_is_known_by_its_greeting(mechanism: str, initiator: bool) -> None:
    zmtp = _after(GREETING[:12] + mechanism.encode().ljust(20, b"\0"), initiator=initiator)

    assert zmtp.wants_keys
    assert zmtp.over == (f"it wants keys ({mechanism}) and this side speaks without; give both sides keys, or neither")
    assert zmtp.outgoing() == []


@pytest.mark.parametrize("kind", sorted(set(TYPES) - {"ROUTER", "DEALER", "REP"}))
def test_a_connecting_end_talks_to_routers_dealers_and_repliers_only(kind: str) -> None:
    over = _after(GREETING, _ready(kind), initiator=True).over

    assert over == f"it is a {kind} socket; only DEALER, REP, ROUTER can be connected to"


def test_what_came_before_the_rules_were_broken_counts() -> None:
    zmtp = _met()

    assert _told(zmtp, _frame(b"one") + _frame(b"half", more=True) + b"\xf8\x00" + _frame(b"two")) == [[b"one"]]
    assert zmtp.over is not None


# limits -----------------------------------------------------------------------------------------------------------


def test_a_message_may_be_as_long_as_the_limit_with_what_its_parts_cost() -> None:
    fits = _multipart(bytes(400), bytes(600 - 2 * PART_COST_BYTES))
    zmtp = _met(limit=1000)

    assert len(_told(zmtp, fits, fits)) == 2
    assert zmtp.over is None
    zmtp.feed(memoryview(_frame(bytes(400), more=True) + frame_start(0, 601 - 2 * PART_COST_BYTES)))
    assert zmtp.over == "it sent a message of at least 969 bytes; 1000 are allowed"


def test_the_limit_can_be_raised() -> None:
    zmtp = _met(limit=1000)
    zmtp.limit = 2000

    assert len(_told(zmtp, _frame(bytes(1900)))) == 1


def test_a_message_has_a_limited_number_of_parts() -> None:
    zmtp = _met()

    assert _told(zmtp, _multipart(*[b"x"] * MAX_PARTS)) == [[b"x"] * MAX_PARTS]
    assert _told(zmtp, _multipart(*[b"x"] * (MAX_PARTS + 1))) == []
    assert zmtp.over == "it sent a message of more than 8 parts"


def test_the_envelope_is_not_among_the_parts() -> None:
    zmtp, envelope = _met("REQ"), (b"\1\2\3\4", b"")

    assert _told(zmtp, _multipart(*envelope, *[b"x"] * MAX_PARTS)) == [[b"x"] * MAX_PARTS]
    assert _told(zmtp, _multipart(*envelope, *[b"x"] * (MAX_PARTS + 1))) == []
    assert zmtp.over == "it sent a message of more than 8 parts"


def test_one_part_too_many_is_too_many_also_after_a_short_envelope() -> None:
    zmtp = _met("REQ")

    assert _told(zmtp, _multipart(b"", *[b"x"] * (MAX_PARTS + 1))) == []
    assert zmtp.over == "it sent a message of more than 8 parts"


@pytest.mark.parametrize(
    "announced",
    [
        b"\x02" + (2**63).to_bytes(8, "big"),
        b"\x02" + (2**64 - 1).to_bytes(8, "big"),
        b"\x03" + (LIMIT - PART_COST_BYTES + 1).to_bytes(8, "big"),
        b"\x06" + (2**40).to_bytes(8, "big"),
    ],
)
def test_no_memory_is_taken_for_what_is_not_allowed(announced: bytes) -> None:
    zmtp = _met()
    tracemalloc.start()
    zmtp.feed(memoryview(announced))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert zmtp.over is not None
    assert zmtp.hole is None
    assert peak < 50_000


def test_a_part_for_which_there_is_no_memory_ends_the_conversation() -> None:
    zmtp = _met(limit=2**62)
    zmtp.feed(memoryview(frame_start(0, 2**61)))

    assert zmtp.over == f"there is no memory for a part of {2**61} bytes that it sends"


# any bytes in any pieces ------------------------------------------------------------------------------------------


def _outcome(zmtp: Zmtp) -> tuple[object, ...]:
    said = b"".join(zmtp.outgoing())
    heard = [[bytes(part) for part in parts] for parts in zmtp.messages()]
    return heard, said, zmtp.over, zmtp.ready, zmtp.peer_type, zmtp.wants_keys, zmtp.envelope


def _in_pieces(zmtp: Zmtp, data: bytes, sizes: Sequence[int], directly: bool) -> None:
    """As a socket would: pieces of any sizes, some of them read straight to their place."""
    at = turn = 0
    while at < len(data) and zmtp.over is None:
        size = sizes[turn % len(sizes)]
        turn += 1
        if directly and zmtp.hole is not None:
            piece = data[at : at + min(size, len(zmtp.hole))]
            zmtp.hole[: len(piece)] = piece
            zmtp.filled(len(piece))
        else:
            piece = data[at : at + size]
            zmtp.feed(memoryview(piece))
        at += len(piece)


short = st.binary(max_size=6)
part = st.one_of(short, st.integers(200, 700).map(bytes))
ping = short.map(lambda context: _command(b"\x04PING\0\0" + context))
traffic = st.one_of(
    st.lists(part, min_size=1, max_size=10).map(lambda parts: _multipart(*parts)),
    st.lists(part, min_size=1, max_size=10).map(lambda parts: _multipart(b"", *parts)),
    ping,
    short,
)
talk = st.builds(
    lambda greeting, kind, rest: greeting + _ready(kind) + b"".join(rest),
    st.one_of(st.just(GREETING), st.binary(max_size=70)),
    st.sampled_from([*TYPES, "NONE"]),
    st.lists(traffic, max_size=8),
)
damage = st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), max_size=2)


@given(talk, damage, st.lists(st.integers(1, 90), min_size=1, max_size=8), st.booleans(), st.booleans())
def test_any_bytes_in_any_pieces_have_one_outcome(
    said: bytes, changes: list[tuple[int, int]], sizes: list[int], directly: bool, initiator: bool
) -> None:
    heard = bytearray(said)
    for at, value in changes:
        if at < len(heard):
            heard[at] = value
    whole, pieces = (Zmtp(initiator=initiator, limit=3000) for _ in range(2))
    whole.feed(memoryview(bytes(heard)))
    _in_pieces(pieces, bytes(heard), sizes, directly)

    assert _outcome(pieces) == _outcome(whole)


@given(st.binary(max_size=200), st.sampled_from(["DEALER", "REQ", "SUB"]))
def test_any_bytes_after_the_introduction_are_messages_or_the_end(data: bytes, kind: str) -> None:
    zmtp = _met(kind, limit=1000)
    zmtp.feed(memoryview(data))

    for parts in zmtp.messages():
        assert len(parts) <= MAX_PARTS
        assert sum(map(len, parts)) <= 1000
    assert zmtp.hole is None or len(zmtp.hole) <= MAX_COMMAND_BYTES
