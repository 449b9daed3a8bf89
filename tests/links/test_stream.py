"""Our ZMTP over real sockets: among our own kind, also with those who do not read."""

from __future__ import annotations

import socket
from contextlib import ExitStack, suppress
from itertools import chain, repeat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framebus.links.backlog import Backlog
from framebus.links.connection import MAX_UNSENT, Gone, Parcel
from framebus.links.zmtp import frame_start, one_part
from tests.links.talk import GREETING, READY_DEALER, Talk, pair, pixels_of, stranger


def test_both_ends_of_ours_meet(stack: ExitStack, listening: socket.socket) -> None:
    near, far, talk = pair(stack, listening)

    assert (near.peer_type, far.peer_type) == ("ROUTER", "DEALER")
    near.send(b"hello")
    assert talk.next(far) == [b"hello"]
    far.send(b"welcome")
    far.send(Parcel(b"header", memoryview(b"pixels")))
    far.send(Parcel(b"header", memoryview(b"")))
    assert [talk.next(near) for _ in range(3)] == [[b"welcome"], [b"header", b"pixels"], [b"header", b""]]


@pytest.mark.parametrize("count", [1, 32_767, 65_536, 230_400, 6_220_800, 24_883_200])
@pytest.mark.parametrize("admitted", [True, False])
def test_pixels_arrive_as_they_were(stack: ExitStack, listening: socket.socket, count: int, admitted: bool) -> None:
    near, far, talk = pair(stack, listening)
    if admitted:
        near.admit()
        far.admit()
    pixels = pixels_of(count)
    parcel = Parcel(b"header", memoryview(pixels))

    for sender, receiver in ((near, far), (far, near)):
        sender.send(parcel)
        sender.send(b"next")
        assert talk.next(receiver) == [b"header", pixels]
        assert talk.next(receiver) == [b"next"]
        assert not sender.pending


def test_what_is_received_is_read_only_and_keeps_its_memory(stack: ExitStack, listening: socket.socket) -> None:
    near, far, talk = pair(stack, listening)
    pixels = pixels_of(200_000)
    got: list[list[memoryview]] = []
    far.receive, receive = lambda: got.extend(receive()) or [], far.receive  # type: ignore[method-assign, func-returns-value]

    near.send(Parcel(b"header", memoryview(pixels)))
    near.send(Parcel(b"header", memoryview(bytes(200_000))))
    talk.until(lambda: len(got) == 2)

    assert all(part.readonly and part.format == "B" and part.ndim == 1 for parts in got for part in parts)
    assert got[0][1] == pixels


def test_a_parcel_is_framed_once_for_all_its_readers(stack: ExitStack, listening: socket.socket) -> None:
    near, far, _ = pair(stack, listening)
    parcel = Parcel(b"header", memoryview(b"pixels"))

    near.send(parcel)
    framed = parcel.framed
    far.send(parcel)
    assert parcel.framed is framed


def test_nothing_can_be_sent_before_both_know_each_other(stack: ExitStack) -> None:
    _, ours = stranger(stack)

    with pytest.raises(RuntimeError, match="nothing can be sent to a stranger before the connection is ready"):
        ours.send(b"hello")


def test_it_has_spoken_once_a_message_came(stack: ExitStack, listening: socket.socket) -> None:
    near, far, talk = pair(stack, listening)

    assert not far.spoke
    near.send(b"hello")
    talk.next(far)
    assert (far.spoke, near.spoke) == (True, False)


# those who do not read ----------------------------------------------------------------------------------------------


def test_one_who_does_not_read_is_given_up_after_so_many_messages(stack: ExitStack, listening: socket.socket) -> None:
    near, _, _ = pair(stack, listening)
    near.admit()
    parcel = Parcel(b"header", memoryview(bytes(8_000_000)))

    for _ in range(MAX_UNSENT):
        near.send(parcel)
    with pytest.raises(Gone, match="it does not read what it asked for"):
        near.send(parcel)
    with pytest.raises(Gone, match="it does not read what it asked for"):
        near.receive()


def test_one_who_asks_for_answers_and_does_not_read_them_is_given_up(stack: ExitStack) -> None:
    theirs, ours = stranger(stack, GREETING + READY_DEALER)
    talk = Talk(ours)
    talk.until(lambda: ours.ready)
    pings, heard = (frame_start(4, 23) + b"\x04PING\0\0" + b"0123456789abcdef") * 1000, 0

    while ours not in talk.gone:
        with suppress(BlockingIOError, BrokenPipeError):
            heard += theirs.send(pings[heard % 25 :])
        talk.turn()
    assert talk.gone[ours] == "it does not read what it asked for"


def test_one_who_reads_late_gets_everything_in_order(stack: ExitStack, listening: socket.socket) -> None:
    near, far, talk = pair(stack, listening)
    near.admit()
    payloads = [pixels_of(count) for count in (5_000_000, 10, 40_000, 3_000_000)]
    for at, payload in enumerate(payloads):
        near.send(Parcel(b"%d" % at, memoryview(payload)))
        near.send(b"between")
    assert near.pending

    for at, payload in enumerate(payloads):
        assert talk.next(far) == [b"%d" % at, payload]
        assert talk.next(far) == [b"between"]
    assert not near.pending


def test_a_heartbeat_is_answered_after_the_message_that_is_on_its_way(stack: ExitStack) -> None:
    theirs, ours = stranger(stack, GREETING + READY_DEALER)
    talk = Talk(ours)
    talk.until(lambda: ours.ready)
    ours.send(Parcel(b"first", memoryview(bytes(8_000_000))))
    ours.send(b"second")
    theirs.sendall(frame_start(4, 10) + b"\x04PING\0\0yes")
    talk.turn()
    heard = bytearray()

    def all_there() -> bool:
        with suppress(BlockingIOError):
            heard.extend(theirs.recv(1 << 20))
        return len(heard) > 64 + 8_000_000 and heard.endswith(b"second")

    talk.until(all_there)
    start = heard.index(b"first")
    assert heard[start + 5 + 9 + 8_000_000 :] == b"\x04\x08\x04PONGyes" + one_part(b"second")


def test_a_heartbeat_is_not_answered_within_a_short_message(stack: ExitStack) -> None:
    theirs, ours = stranger(stack, GREETING + READY_DEALER)
    talk = Talk(ours)
    talk.until(lambda: ours.ready)
    count = 0
    while not ours.pending:  # until one is written in part, as far as the socket takes it
        ours.send(b"%04d" % count * 10_000)
        count += 1
    theirs.sendall(frame_start(4, 10) + b"\x04PING\0\0yes")
    talk.turn()
    heard, pong = bytearray(), b"\x04\x08\x04PONGyes"
    messages = b"".join(one_part(b"%04d" % at * 10_000) for at in range(count))

    def all_there() -> bool:
        with suppress(BlockingIOError):
            heard.extend(theirs.recv(1 << 20))
        return len(heard) >= 64 + len(messages) and pong in heard

    talk.until(all_there)
    assert heard.endswith(messages + pong)


chunks = st.lists(st.binary(max_size=12), min_size=1, max_size=3)


@given(
    st.lists(st.tuples(chunks, st.booleans()), max_size=12),
    st.lists(st.tuples(st.integers(1, 40), st.integers(0, 40)), min_size=1, max_size=30),
)
def test_a_backlog_is_written_whole_message_by_whole_message(
    messages: list[tuple[list[bytes], bool]], writes: list[tuple[int, int]]
) -> None:
    """Whatever the sizes of the writes: nothing is lost, doubled or mixed, and what is urgent does not come later."""
    backlog, written, expected = Backlog(), bytearray(), []
    turns = chain(writes, repeat((7, 5)))

    def write() -> None:
        limit, taken = next(turns)
        pieces, total = backlog.next(limit)
        assert total == sum(map(len, pieces)) <= limit
        data = b"".join(pieces)[:taken]
        written.extend(data)
        backlog.written(len(data))

    for at, (pieces, urgent) in enumerate(messages):
        marked = [b"<%d:" % at, *(piece.replace(b"<", b"").replace(b">", b"") for piece in pieces), b">"]
        expected.append(b"".join(marked))
        if urgent:
            backlog.urgent(b"".join(marked))
        else:
            backlog.add(*marked)
        write()
    while backlog:
        write()
    got = [piece + b">" for piece in bytes(written).split(b">")[:-1]]
    calm = [message for message, (_, urgent) in zip(expected, messages, strict=True) if not urgent]
    assert sorted(got) == sorted(expected)
    assert [message for message in got if message in calm] == calm
