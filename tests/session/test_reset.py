"""Reset: who does not know a session says so, and is told hello at once."""

from __future__ import annotations

from framebus.wire.control import Credit, Ping, Reset
from tests.session.desk import RUN, Desk, frame, pair


def test_a_restarted_publisher_is_greeted_at_once_and_its_start_is_a_counted_gap() -> None:
    desk, publisher, reader = pair()
    reader.ask()
    publisher.send(frame(0), frame(1))
    assert reader.read_all() == [0, 1]
    publisher.kill()
    successor = desk.publisher()
    for seq in range(3):
        successor.send(frame(seq, run=RUN + 1))
    reader.line._ends = (lambda: reader.node, lambda: successor.node)  # type: ignore[union-attr]
    reader.connect()
    successor.send(frame(3, run=RUN + 1))
    [item] = reader.read_items()
    assert (item.run, item.seq, item.missed) == (RUN + 1, 3, 3)


def test_a_session_that_is_not_known_is_asked_to_say_hello() -> None:
    desk = Desk()
    publisher = desk.publisher()
    for message in (Credit(session="ab", credit=5), Ping(session="ab")):
        publisher.session.received("stranger", message, None, 0.0)
    assert publisher.session.out == [("stranger", Reset(session="ab"))] * 2


def test_a_reader_asks_who_sends_out_of_turn() -> None:
    desk = Desk()
    hub = desk.reader()
    hub.session.arrived("stranger", frame(0), 0, 0.0)
    hub.session.received("stranger", Credit(credit=1), 0.0)
    hub.session.received("stranger", Ping(), 0.0)
    assert hub.session.out == [("stranger", Reset())] * 3
    assert not hub.session.inbox


def test_a_publisher_that_lost_track_of_its_reader_goes_on_without_losing_a_frame() -> None:
    desk, publisher, reader = pair(keep="all")
    publisher.send(*map(frame, range(4)))
    [peer] = publisher.session.audience.members
    publisher.session.disconnected(peer, desk.now)
    assert reader.read_all() == [0, 1, 2, 3]
    assert publisher.session.audience.members
    assert publisher.retained == 0


def test_a_hub_that_restarted_is_told_hello_by_its_publishers() -> None:
    desk = Desk()
    hub = desk.reader(keep="all", group="file")
    publisher = desk.publisher(calls=hub)
    publisher.send(*map(frame, range(4)))
    hub.kill()
    publisher.send(frame(4))
    successor = desk.reader(keep="all", group="file")
    publisher.line._ends = (lambda: publisher.node, lambda: successor.node)  # type: ignore[union-attr]
    publisher.connect()
    assert successor.read_all() == [0, 1, 2, 3, 4]


def test_resets_do_not_answer_resets() -> None:
    desk = Desk()
    publisher = desk.publisher()
    hub = desk.reader()
    publisher.session.received("x", Reset(), None, 0.0)
    hub.session.received("x", Reset(), 0.0)
    assert publisher.session.out == []
    assert hub.session.out == []


def test_a_reset_from_elsewhere_is_not_for_us() -> None:
    desk, _, reader = pair()
    reader.session.received("elsewhere", Reset(), desk.now)
    assert reader.session.calling is not None
    assert reader.session.calling.welcomed
