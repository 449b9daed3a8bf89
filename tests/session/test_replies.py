"""Replies: an answer may ride on an acknowledgement, and is delivered once, however often the work was done."""

from __future__ import annotations

from typing import Any

from framebus.core.contracts import Item
from framebus.session.guests import Guest
from framebus.wire.control import Credit, FrameRange, Refuse, Reply
from tests.session.desk import RUN, Desk, Key, Listener, Speaker, frame


def answer(reader: Listener, item: Item, data: Any = None) -> bool:
    """Acknowledge `item` with an answer, as the carrier would; False when nobody is there to hear it."""
    assert reader.session.calling is not None
    range_ = FrameRange(item.stream, f"{item.run:016x}", item.seq, item.seq)
    message = Reply(session=reader.session.calling.session, frame=range_, data=data)
    peer = reader.session.reply(item.identity, message, reader.desk.now)
    if peer is not None:
        reader.session.out.append((peer, message))
    reader.desk.settle()
    return peer is not None


def answers(publisher: Speaker) -> list[tuple[int, Any]]:
    return [(identity.seq, message.data) for identity, message, _ in publisher.replies]


def take(reader: Listener) -> Item:
    item = reader.take()
    assert item is not None
    return item


def test_a_reply_acknowledges_and_answers() -> None:
    desk = Desk()
    publisher = desk.publisher()
    worker = desk.reader(publisher, keep="all", group="work", window_frames=1)
    publisher.send(frame(0), frame(1))
    assert answer(worker, take(worker), "seen")
    assert answers(publisher) == [(0, "seen")]
    assert publisher.done == [0]
    assert worker.arrived == [0, 1]
    assert publisher.all_heard(Credit)[-1].frames == ()


def test_arrays_come_as_a_second_part() -> None:
    desk = Desk()
    publisher = desk.publisher()
    desk.reader(publisher, keep="all", group="work")
    publisher.send(frame(0))
    [(peer, member)] = publisher.session.audience.members.items()
    message = Reply(session=member.session, frame=FrameRange("cam", f"{RUN:016x}", 0, 0), arrays=({"name": "mask"},))
    publisher.session.received(peer, message, memoryview(b"pixels"), desk.now)
    [(_, _, payload)] = publisher.replies
    assert payload is not None
    assert bytes(payload) == b"pixels"


def test_the_second_answer_to_a_frame_is_dropped() -> None:
    desk = Desk()
    publisher = desk.publisher()
    slow = desk.reader(publisher, "slow", keep="all", group="work", window_frames=1)
    fast = desk.reader(publisher, "fast", keep="all", group="work", window_frames=1)
    publisher.send(frame(0))
    first, second = (slow, fast) if slow.arrived else (fast, slow)
    item = take(first)
    first.cut(down_s=0.5)  # it is given to the other one, while the first is still at work
    assert answer(second, take(second), "second")
    desk.wait(1)
    answer(first, item, "first")
    assert answers(publisher) == [(0, "second")]


def test_an_answer_that_could_not_be_sent_is_made_again() -> None:
    desk = Desk()
    publisher = desk.publisher()
    worker = desk.reader(publisher, keep="all", group="work")
    publisher.send(frame(0))
    item = take(worker)
    worker.cut(down_s=0.5)
    publisher.session.out.clear()
    worker.session.received(worker.session.calling.peer, _reset(), desk.now)  # type: ignore[union-attr]
    assert not answer(worker, item, "lost")
    desk.wait(1)
    assert answer(worker, take(worker), "again")
    assert answers(publisher) == [(0, "again")]
    [feed] = worker.session.feeds.values()
    assert feed.held == 0


def test_an_answer_that_was_lost_on_its_way_is_made_again() -> None:
    desk = Desk()
    publisher = desk.publisher()
    worker = desk.reader(publisher, keep="all", group="work")
    publisher.send(frame(0))
    item = take(worker)
    worker.cut(down_s=0.5)  # not noticed on this side
    assert answer(worker, item, "lost")
    desk.wait(1)
    assert answer(worker, take(worker), "again")
    assert answers(publisher) == [(0, "again")]


def test_a_newest_only_reader_has_nobody_to_answer() -> None:
    desk = Desk()
    publisher = desk.publisher()
    viewer = desk.reader(publisher, keep="latest")
    viewer.ask()
    publisher.send(frame(0), frame(1), frame(2))
    assert not answer(viewer, take(viewer), "hello?")
    assert viewer.read_all() == [1, 2]


def test_answering_twice_or_what_was_never_given_does_nothing() -> None:
    desk = Desk()
    publisher = desk.publisher()
    worker = desk.reader(publisher, keep="all", group="work")
    publisher.send(frame(0))
    item = take(worker)
    assert answer(worker, item)
    assert not answer(worker, item)
    assert not answer(worker, frame(7))


def test_work_takes_the_right_to_work() -> None:
    desk = Desk()
    publisher = desk.publisher()
    publisher.introduce_callers(Guest("10.0.0.7", Key(read={"cam"})))
    worker = desk.reader(publisher, keep="all", group="work")
    publisher.send(frame(0))
    answer(worker, take(worker))
    refusal = worker.all_heard(Refuse)[-1]
    assert (refusal.code, refusal.message) == ("rights", "this key may not work on 'cam'")
    assert publisher.replies == []
    assert publisher.done == []


def _reset() -> Any:
    from framebus.wire.control import Reset

    return Reset()
