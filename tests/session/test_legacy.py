"""Senders of other systems: answered when their frame is taken, never kept waiting for long, counted exactly."""

from __future__ import annotations

import itertools
from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from framebus.core.frame import Frame
from framebus.session.guests import Guest, Guests
from framebus.session.legacy import PATIENCE_S, WAITING_FRAMES, LegacySenders
from framebus.session.rules import ReaderRules
from framebus.session.stream_names import Names

OK = b"OK"


class Port:
    """The machine with a clock and an address book; frames carry their number as their pixels."""

    def __init__(self, *, by_hand: bool = False, **rules: Any) -> None:
        self.guests = Guests()
        runs = itertools.count(1)
        self.senders = LegacySenders(
            ReaderRules(**rules), self.guests, Names(), here="desk", by_hand=by_hand, new_run=lambda: next(runs)
        )
        self.now = 0.0

    def sent(
        self,
        peer: str,
        stream: str = "cam",
        number: int = 0,
        answer: bytes = OK,
        *,
        again: bool = False,
        **more: Any,
    ) -> None:
        image = np.full((2, 2), number % 256, np.uint8)
        self.senders.arrived(peer, Frame.of(image, stream=stream, **more), answer, self.now, again=again)

    def taken(self) -> list[tuple[str, int, int]]:
        """Everything that waits, and is done with at once: stream, number in the pixels, missed."""
        found = []
        while (item := self.senders.take()) is not None:
            assert isinstance(item, Frame)
            found.append((item.stream, int(item.data[0, 0]), item.missed))
            self.senders.done(item.identity)
        return found

    def told(self) -> list[tuple[Any, bytes]]:
        """The answers so far."""
        answers, self.senders.out = self.senders.out, []
        return answers

    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.senders.tick(self.now)


def test_it_is_known_whose_sender_is_connected() -> None:
    port = Port()
    port.sent("a", "gate")
    port.sent("b", "yard")
    assert port.senders.streams == {"gate", "yard"}
    port.senders.disconnected("a")
    assert port.senders.streams == {"yard"}


def test_a_sender_is_answered_when_its_frame_is_done_with() -> None:
    port = Port()
    port.sent("a")
    item = port.senders.take()
    assert item is not None
    assert port.told() == []
    port.senders.done(item.identity)
    assert port.told() == [("a", OK)]


def test_a_slow_reader_withholds_the_answer_for_a_while_only() -> None:
    port = Port()
    port.sent("a")
    assert port.senders.deadline() == PATIENCE_S
    port.wait(PATIENCE_S - 0.1)
    assert port.told() == []
    port.wait(0.2)
    assert port.told() == [("a", OK)]
    assert port.senders.deadline() is None


def test_the_next_frame_replaces_one_that_waited_too_long_and_counts_it() -> None:
    port = Port()
    for number in range(3):
        port.sent("a", number=number)
        port.wait(PATIENCE_S)
    assert port.taken() == [("cam", 2, 2)]
    assert port.told() == [("a", OK)] * 3


def test_where_every_frame_is_wanted_a_few_wait() -> None:
    port = Port(keep="all")
    for number in range(WAITING_FRAMES + 2):
        port.sent("a", number=number)
        port.wait(PATIENCE_S)
    expected = [("cam", number, 2 if number == 2 else 0) for number in range(2, WAITING_FRAMES + 2)]
    assert port.taken() == expected


def test_who_expects_no_answer_gets_none() -> None:
    port = Port()
    port.sent("a", answer=b"")
    port.wait(PATIENCE_S)
    port.taken()
    assert port.told() == []


def test_who_asks_again_has_given_up_on_the_answer_before() -> None:
    port = Port()
    port.sent("a", stream="one")
    port.sent("a", stream="two")
    port.taken()
    assert port.told() == [("a", OK)]


def test_senders_have_turns() -> None:
    port = Port(keep="all")
    for number in range(2):
        port.sent("a", "left", number)
        port.sent("b", "right", number)
    assert [stream for stream, _, _ in port.taken()] == ["left", "right", "left", "right"]


def test_the_streams_of_one_sender_do_not_replace_each_other() -> None:
    port = Port()
    port.sent("a", "left", 1)
    port.sent("a", "right", 2)
    port.sent("a", "left", 3)
    assert sorted(port.taken()) == [("left", 3, 1), ("right", 2, 0)]


def test_what_a_gone_sender_sent_is_still_given_out_and_nobody_is_answered() -> None:
    port = Port()
    port.sent("a")
    port.senders.disconnected("a")
    port.wait(PATIENCE_S)
    assert port.taken() == [("cam", 0, 0)]
    assert port.told() == []


def test_a_hub_that_closes_answers_everybody_who_would_wait_for_ever() -> None:
    port = Port()
    port.sent("a")
    port.sent("b")
    port.sent("framebus", again=True)
    port.senders.leave()
    assert sorted(port.told()) == [("a", OK), ("b", OK)]


def test_what_comes_while_a_hub_closes_is_answered_and_given_to_nobody() -> None:
    port = Port()
    port.senders.leave()
    port.sent("a")
    port.sent("framebus", again=True)
    assert port.told() == [("a", OK)]
    assert port.taken() == []


def test_only_who_waits_for_answers_and_cannot_ask_again_is_stuck_without_one() -> None:
    port = Port()
    port.sent("imagezmq")
    port.sent("publisher", answer=b"")
    port.sent("framebus", again=True)
    assert port.senders.askers == ["imagezmq"]
    port.senders.disconnected("imagezmq")
    assert port.senders.askers == []


def test_a_second_machine_gets_a_name_of_its_own_that_it_keeps() -> None:
    port = Port()
    for connection in ("first", "second"):
        port.guests.introduce(f"{connection} of pi", Guest("10.0.0.1"))
        port.guests.introduce(f"{connection} of other", Guest("10.0.0.2"))
        port.sent(f"{connection} of pi")
        port.sent(f"{connection} of other")
        assert [stream for stream, _, _ in port.taken()] == ["cam", "cam.10-0-0-2"]
        port.senders.disconnected(f"{connection} of pi")
        port.senders.disconnected(f"{connection} of other")


@pytest.mark.parametrize(
    ("address", "name"), [("", "desk"), ("127.0.0.1", "desk"), ("192.168.1.12", "192-168-1-12"), ("fe80::1", "fe80--1")]
)
def test_where_nothing_names_a_stream_its_machine_does(address: str, name: str) -> None:
    port = Port()
    port.guests.introduce("a", Guest(address))
    assert port.senders.host("a") == name


def test_streams_that_nobody_wants_are_answered_and_dropped() -> None:
    port = Port(want=("yard-*",))
    port.sent("a", "door")
    port.sent("b", "yard-1")
    assert port.told() == [("a", OK)]
    assert port.taken() == [("yard-1", 0, 0)]


def test_max_fps_thins_and_counts_nothing_as_missed() -> None:
    port = Port(max_fps=10)
    seen = []
    for number in range(20):
        port.sent("a", number=number)
        seen += port.taken()
        port.now += 0.05
    assert [missed for _, _, missed in seen] == [0] * 10


def test_numbers_of_framebus_senders_are_kept_and_gaps_are_counted() -> None:
    port = Port()
    for seq in (5, 6, 9):
        port.sent("a", number=seq, run=77, seq=seq)
        item = port.senders.take()
        assert item is not None
        assert (item.run, item.seq, item.missed) == (77, seq, 2 if seq == 9 else 0)


def test_memory_is_bounded_and_a_frame_that_does_not_fit_is_answered() -> None:
    port = Port(max_inbox_bytes=10)
    for peer in "abcd":
        port.sent(peer, stream=peer)  # 4 bytes each
    assert [peer for peer, _ in port.told()] == ["c", "d"]
    assert [stream for stream, _, _ in port.taken()] == ["a", "b"]
    port.sent("c", stream="c")
    assert port.taken() == [("c", 0, 1)]


# by hand ----------------------------------------------------------------------------------------------------


def test_by_hand_the_answer_is_the_users_and_comes_once() -> None:
    port = Port(by_hand=True)
    port.sent("a")
    port.wait(10 * PATIENCE_S)
    item = port.senders.take()
    assert item is not None
    assert port.told() == []
    assert port.senders.answer(item.identity, b"brighter")
    assert port.senders.answer(item.identity, b"again")
    assert port.told() == [("a", b"brighter")]
    assert port.senders.done(item.identity)
    assert port.told() == []


def test_by_hand_who_is_not_answered_gets_the_usual_answer_with_the_next_frame() -> None:
    port = Port(by_hand=True)
    port.sent("a")
    item = port.senders.take()
    assert item is not None
    port.senders.done(item.identity)
    assert port.told() == [("a", OK)]


def test_frames_of_others_are_none_of_ours() -> None:
    senders = Port().senders
    identity = Frame.of(np.zeros((1, 1), np.uint8), stream="native", run=1).identity
    assert not senders.done(identity)
    assert not senders.answer(identity, OK)


# whatever happens -------------------------------------------------------------------------------------------

STEPS = st.one_of(
    st.tuples(st.just("send"), st.sampled_from("abc"), st.sampled_from(["left", "right", "17"])),
    st.tuples(st.just("take")),
    st.tuples(st.just("wait"), st.floats(0, 3)),
    st.tuples(st.just("gone"), st.sampled_from("abc")),
)


@given(st.lists(STEPS, max_size=60), st.sampled_from([None, "all"]), st.booleans())
def test_every_frame_is_given_or_counted_and_every_question_answered_once(
    steps: list[tuple[Any, ...]], keep: str | None, small: bool
) -> None:
    port = Port(keep=keep, max_inbox_bytes=10 if small else 1000)
    asking: set[str] = set()
    sent, accounted = Counter[str](), Counter[str]()
    generation = dict.fromkeys("abc", 0)

    def take() -> bool:
        item = port.senders.take()
        if item is None:
            return False
        accounted[item.stream] += 1 + item.missed
        assert port.senders.done(item.identity)
        return True

    for step in steps:
        if step[0] == "send" and step[1] not in asking:
            port.sent(f"{step[1]}{generation[step[1]]}", step[2])
            asking.add(step[1])
            sent["desk" if step[2] == "17" else step[2]] += 1
        elif step[0] == "take":
            take()
        elif step[0] == "wait":
            port.wait(step[1])
        elif step[0] == "gone":
            port.senders.disconnected(f"{step[1]}{generation[step[1]]}")
            generation[step[1]] += 1
            asking.discard(step[1])
        for peer, answer in port.told():
            assert answer == OK
            assert peer[0] in asking
            assert peer[1:] == str(generation[peer[0]])
            asking.discard(peer[0])
    while take():
        pass
    port.wait(PATIENCE_S)
    assert asking == {peer[0] for peer, _ in port.told()}
    assert port.senders.deadline() is None
    assert not port.senders.waiting
    assert accounted <= sent if small else accounted == sent
