"""Rubbish and lies on the socket between two processes: the connection is over, and nothing else happens."""

from __future__ import annotations

import array
import os
import socket as system
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from framebus.core.errors import BadFrame
from framebus.links import datagrams
from framebus.links.connection import UNADMITTED_BYTES, Gone, Parcel, Parts
from framebus.links.local import LocalConnection
from framebus.links.pieces import PIECE_BYTES, Assembly, pieces
from framebus.memory.pool import pool, supported
from framebus.memory.slot import SEALS, Slot

pytestmark = pytest.mark.skipif(not supported(), reason="memory files are Linux's")

SIZE = 1 << 16


@pytest.fixture(autouse=True)
def _trimmed(runtime_dir: Path) -> Iterator[None]:
    yield
    pool().trim()


class Liar:
    """The other end, which may send anything."""

    def __init__(self) -> None:
        mine, theirs = system.socketpair(system.AF_UNIX, system.SOCK_SEQPACKET)
        self.socket = mine
        self.victim = LocalConnection(theirs)

    def send(self, kind: int, body: bytes = b"", *descriptors: int, tokens: int = 0) -> None:
        data = bytes((kind, tokens)) + body
        rights = (system.SOL_SOCKET, system.SCM_RIGHTS, array.array("i", descriptors).tobytes())
        self.socket.sendmsg([data], [rights] if descriptors else [])

    def outcome(self) -> tuple[list[Parts], str]:
        """What came out before the end, and why it ended; `-` if it did not."""
        messages: list[Parts] = []
        try:
            for _ in range(100):
                messages += self.victim.receive()
        except Gone as gone:
            return messages, str(gone)
        return messages, "-"

    def close(self) -> None:
        self.victim.close()
        self.socket.close()


@pytest.fixture
def liar() -> Iterator[Liar]:
    made = Liar()
    yield made
    made.close()


@pytest.fixture
def slot() -> Iterator[Slot]:
    made = Slot(0, SIZE)
    yield made
    made.close()


def shown(size: int = SIZE, offset: int = 0, nbytes: int = 100, index: int = 0) -> bytes:
    return datagrams.shown(size, datagrams.placed(datagrams.token(index, 1), offset, nbytes, b"head"))


@given(st.lists(st.binary(min_size=1, max_size=100), max_size=5))
def test_rubbish_ends_the_connection_or_says_nothing(data: list[bytes]) -> None:
    liar = Liar()
    before = len(os.listdir("/proc/self/fd"))
    for datagram in data:
        liar.socket.send(datagram)
    liar.outcome()
    assert len(os.listdir("/proc/self/fd")) == before
    liar.close()


kinds = st.integers(0, 10)


@given(st.lists(st.tuples(kinds, st.integers(0, 3), st.binary(max_size=80), st.booleans()), max_size=8))
def test_nearly_right_datagrams_with_descriptors_leave_none_open(
    data: list[tuple[int, int, bytes, bool]],
) -> None:
    liar, slot = Liar(), Slot(0, SIZE)
    before = len(os.listdir("/proc/self/fd"))
    for kind, tokens, body, along in data:
        liar.send(kind, body, *[slot.descriptor] * along, tokens=tokens)
    liar.outcome()
    assert len(os.listdir("/proc/self/fd")) == before
    liar.close()
    slot.close()


@given(st.integers(0, 2**32 - 1), st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1))
def test_any_place_in_a_real_slot_is_seen_or_refused(index: int, generation: int, offset: int, nbytes: int) -> None:
    liar, slot = Liar(), Slot(0, SIZE)
    body = datagrams.placed(datagrams.token(index, generation), offset, nbytes, b"head")
    liar.send(datagrams.SHOWN, datagrams.shown(SIZE, body), slot.descriptor)
    messages, why = liar.outcome()
    if offset + nbytes <= SIZE:
        assert (messages[0][1].nbytes, why) == (nbytes, "-")
    else:
        assert why.startswith("broke the rules: ")
    liar.close()
    slot.close()


@pytest.mark.parametrize(
    ("kind", "body", "tokens", "why"),
    [
        (0, b"", 0, "kind 0"),
        (99, b"", 0, "kind 99: another version of framebus, or not framebus"),
        (datagrams.NOTHING, b"short", 1, "claims 1 tokens"),
        (datagrams.WHOLE, b"\xff\xff\0\0abc", 0, "claims a first part of 65535"),
        (datagrams.WHOLE, b"\1", 0, "ends after 1 bytes"),
        (datagrams.PLACED, b"abc", 0, "do not say where pixels lie"),
        (datagrams.PLACED, shown()[8:], 0, "has not shown (slot 0)"),
        (datagrams.SHOWN, b"abc", 0, "ends after 3 bytes"),
        (datagrams.SHOWN, shown(), 0, "without a file descriptor"),
        (datagrams.PIECE, b"abc", 0, "belongs to no message"),
        (datagrams.BEGIN, bytes(8), 0, "in pieces that has none"),
        (datagrams.BEGIN, datagrams.begin(UNADMITTED_BYTES + 1, b""), 0, "the limit is"),
        (datagrams.BEGIN, datagrams.begin(2**64 - 1, b""), 0, "the limit is"),
        (datagrams.FORGET, b"", 0, "ends after 0 bytes"),
        (datagrams.CONTROL, bytes(90_000), 0, "longer than any may be"),
    ],
)
def test_a_lie_ends_the_connection_and_is_named(liar: Liar, kind: int, body: bytes, tokens: int, why: str) -> None:
    liar.send(datagrams.CONTROL, b"before")
    liar.send(kind, body, tokens=tokens)
    messages, found = liar.outcome()
    assert [bytes(parts[0]) for parts in messages] == [b"before"]
    assert found.startswith("broke the rules: ")
    assert why in found


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (shown(size=SIZE + 1), "smaller than the"),
        (shown(size=0), "smaller than the 0 bytes"),
        (shown(size=2**40), "more memory than anybody needs"),
        (shown(offset=SIZE - 99), "do not lie in"),
        (shown(nbytes=SIZE + 1), "do not lie in"),
        (shown(offset=2**64 - 1, nbytes=1), "do not lie in"),
        (shown(nbytes=UNADMITTED_BYTES), "the limit is"),
    ],
)
def test_memory_that_is_not_as_said_is_refused(liar: Liar, slot: Slot, body: bytes, why: str) -> None:
    liar.send(datagrams.SHOWN, body, slot.descriptor)
    messages, found = liar.outcome()
    assert (messages, found[:17]) == ([], "broke the rules: ")
    assert why in found


def test_memory_that_could_be_taken_away_is_refused(liar: Liar) -> None:
    descriptor = os.memfd_create("framebus", os.MFD_ALLOW_SEALING)
    os.ftruncate(descriptor, SIZE)
    liar.send(datagrams.SHOWN, shown(), descriptor)
    os.close(descriptor)
    assert "not sealed" in liar.outcome()[1]


def test_what_is_no_memory_is_refused(liar: Liar) -> None:
    reading, writing = os.pipe()
    liar.send(datagrams.SHOWN, shown(), reading)
    os.close(reading)
    os.close(writing)
    assert "smaller than" in liar.outcome()[1]


def test_a_thousand_slots_are_refused(liar: Liar, slot: Slot) -> None:
    for index in range(1000):
        liar.send(datagrams.SHOWN, shown(index=index), slot.descriptor)
        try:
            liar.victim.receive()
        except Gone as gone:
            assert "more memory than anybody needs" in str(gone)  # noqa: PT017  (which of a thousand is open)
            break
    assert 100 < index < 600


def test_descriptors_nobody_asked_for_are_closed(liar: Liar, slot: Slot) -> None:
    before = len(os.listdir("/proc/self/fd"))
    liar.send(datagrams.CONTROL, b"look", slot.descriptor)
    liar.send(datagrams.SHOWN, shown(), slot.descriptor, slot.descriptor)
    assert len(liar.outcome()[0]) == 2
    assert len(os.listdir("/proc/self/fd")) == before


def test_too_many_descriptors_end_the_connection(liar: Liar, slot: Slot) -> None:
    before = len(os.listdir("/proc/self/fd"))
    liar.send(datagrams.SHOWN, shown(), *[slot.descriptor] * 20)
    assert "file descriptor" in liar.outcome()[1]
    assert len(os.listdir("/proc/self/fd")) == before


def test_messages_do_not_begin_inside_each_other(liar: Liar) -> None:
    liar.send(datagrams.BEGIN, datagrams.begin(100, b"head"))
    liar.send(datagrams.CONTROL, b"me first")
    assert "in the middle of another" in liar.outcome()[1]


def test_a_piece_too_many_is_refused(liar: Liar) -> None:
    liar.send(datagrams.BEGIN, datagrams.begin(100, b"head"))
    liar.send(datagrams.PIECE, bytes(60))
    liar.send(datagrams.PIECE, bytes(60))
    assert "a piece of 60 bytes where 40 are missing" in liar.outcome()[1]


def test_what_was_never_lent_cannot_be_given_back(liar: Liar) -> None:
    image = np.frombuffer(pool().lend(SIZE), np.uint8)
    liar.victim.send(Parcel(b"head", image.data))
    slot = pool().slot_of(image.data)
    assert slot is not None
    real = datagrams.token(slot.index, slot.generation)
    others = [datagrams.token(slot.index, 2**63), datagrams.token(77, slot.generation)]
    liar.send(datagrams.NOTHING, b"".join(others), tokens=2)
    assert (liar.outcome(), slot.leases) == (([], "-"), 1)
    liar.send(datagrams.NOTHING, real * 3, tokens=3)
    assert (liar.outcome(), slot.leases) == (([], "-"), 0)


def test_an_empty_datagram_is_the_end(liar: Liar) -> None:
    liar.socket.send(b"")
    assert liar.outcome() == ([], "")


@given(st.integers(0, 200_000), st.binary(min_size=1, max_size=7))
def test_pieces_make_the_whole_again(nbytes: int, pattern: bytes) -> None:
    payload = memoryview((pattern * (nbytes // len(pattern) + 1))[: nbytes + 1])
    assembly = Assembly(memoryview(b"head"), nbytes + 1)
    ends = [(last, assembly.add(piece)) for piece, last in pieces(payload)]
    assert [last for last, _ in ends] == [False] * (nbytes // PIECE_BYTES) + [True]
    assert all(message is None for _, message in ends[:-1])
    assert ends[-1][1] == [memoryview(b"head"), payload]


@given(st.lists(st.binary(min_size=12, max_size=12), max_size=datagrams.MAX_TOKENS), st.binary(max_size=50))
def test_every_datagram_says_its_kind_and_tokens(tokens: list[bytes], body: bytes) -> None:
    data = memoryview(datagrams.prefix(datagrams.CONTROL, tokens) + body)
    kind, found, start = datagrams.split(data)
    assert (kind, found, bytes(data[start:])) == (datagrams.CONTROL, tokens, body)


def test_half_a_prefix_is_none() -> None:
    with pytest.raises(BadFrame):
        datagrams.split(memoryview(b"\1"))


def test_golden_bytes() -> None:
    """The layout as it is written in `datagrams`; both processes may run different versions of this package."""
    token = datagrams.token(3, 0x1122334455667788)
    assert token == bytes.fromhex("03000000 8877665544332211")
    assert datagrams.prefix(datagrams.PLACED, [token]) == bytes.fromhex("03 01") + token
    assert (
        datagrams.placed(token, 4096, 99, b"{}") == token + bytes.fromhex("0010000000000000 6300000000000000") + b"{}"
    )
    assert datagrams.shown(65536, b"rest") == bytes.fromhex("0000010000000000") + b"rest"
    assert datagrams.begin(70000, b"{}") == bytes.fromhex("7011010000000000") + b"{}"
    assert datagrams.whole(b"{}", memoryview(b"pixels")) == bytes.fromhex("02000000") + b"{}pixels"
    assert datagrams.forget(258) == bytes.fromhex("02010000")
    assert [datagrams.CONTROL, datagrams.WHOLE, datagrams.PLACED, datagrams.SHOWN] == [1, 2, 3, 4]
    assert [datagrams.BEGIN, datagrams.PIECE, datagrams.FORGET, datagrams.NOTHING] == [5, 6, 7, 8]


def test_all_seals_are_asked_for() -> None:
    assert SEALS == 0x17
