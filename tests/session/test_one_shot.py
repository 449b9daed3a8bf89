"""One credit without a hello is a complete live read, for plain sockets in any language."""

from __future__ import annotations

from framebus.session.guests import Guest
from framebus.session.outgoing import Delivery
from framebus.session.rules import MAX_GROUPS
from framebus.wire.control import Credit, Ping, Refuse
from tests.session.desk import Desk, Key, Speaker, frame, pair


def ask(publisher: Speaker, peer: str = "browser", credit: int = 1, want: str = "cam") -> None:
    publisher.session.received(peer, Credit(want=want, credit=credit), None, publisher.desk.now)


def sent(publisher: Speaker, *items: object) -> list[tuple[str, int]]:
    """Who gets which of the frames made now."""
    for item in items:
        publisher.session.offer(item, publisher.desk.now)  # type: ignore[arg-type]
    out, publisher.session.out[:] = list(publisher.session.out), []
    return [(str(peer), action.entry.identity.seq) for peer, action in out if isinstance(action, Delivery)]


def test_one_credit_one_frame() -> None:
    publisher = Desk().publisher()
    ask(publisher)
    assert sent(publisher, *map(frame, range(3))) == [("browser", 0)]
    assert publisher.session.idle


def test_of_the_stream_that_was_asked_for() -> None:
    publisher = Desk().publisher()
    ask(publisher, want="left")
    assert sent(publisher, frame(0, "right"), frame(0, "left")) == [("browser", 0)]


def test_and_as_many_as_were_asked_for() -> None:
    publisher = Desk().publisher()
    ask(publisher, credit=2, want="")
    ask(publisher, credit=1, want="")
    assert sent(publisher, *map(frame, range(5))) == [("browser", 0), ("browser", 1), ("browser", 2)]


def test_zero_is_nothing() -> None:
    publisher = Desk().publisher()
    ask(publisher, credit=0)
    assert publisher.session.idle


def test_it_is_never_asked_whether_it_is_still_there() -> None:
    desk = Desk()
    publisher = desk.publisher()
    for _ in range(10):
        ask(publisher)
        publisher.send(frame(0))
        ask(publisher)
        desk.wait(2)
    assert not [action for _, action in publisher.session.out if isinstance(action, Ping)]
    assert publisher.session.audience.members


def test_it_is_gone_when_its_connection_is() -> None:
    publisher = Desk().publisher()
    ask(publisher)
    publisher.session.disconnected("browser", 1.0)
    assert publisher.session.idle


def test_it_is_not_waited_for_at_the_end() -> None:
    publisher = Desk().publisher()
    ask(publisher)
    publisher.session.close(0.0)
    assert publisher.session.finished


def test_it_needs_the_right_to_read() -> None:
    publisher = Desk().publisher()
    publisher.session.guests.introduce("browser", Guest("10.0.0.7", Key(read={"hall"})))
    ask(publisher, want="cam")
    [(_, refusal)] = publisher.session.out
    assert isinstance(refusal, Refuse)
    assert refusal.message == "this key may not read 'cam'"
    ask(publisher, want="")
    publisher.session.out.clear()
    assert sent(publisher, frame(0, "cam"), frame(5, "hall")) == [("browser", 5)]


def test_strangers_cannot_wait_without_end() -> None:
    publisher = Desk().publisher()
    for number in range(MAX_GROUPS + 5):
        ask(publisher, f"browser{number}")
    assert len(publisher.session.audience.groups) == MAX_GROUPS


def test_a_reader_that_said_hello_uses_its_session() -> None:
    desk, publisher, reader = pair()
    [peer] = publisher.session.audience.members
    publisher.session.received(peer, Credit(want="cam", credit=1), None, desk.now)
    desk.settle()
    publisher.send(frame(0))
    assert reader.arrived == []
