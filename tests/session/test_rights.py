"""Rights: a key may publish, read, work and observe what it may; refusals say what."""

from __future__ import annotations

from framebus.session.guests import Guest
from framebus.wire.control import Hello, Observe, Refuse
from tests.session.desk import Desk, Key, frame


def test_a_stream_asked_for_by_name_is_refused() -> None:
    desk = Desk()
    publisher = desk.publisher()
    publisher.introduce_callers(Guest("10.0.0.7", Key(read={"hall"})))
    reader = desk.reader(publisher, want=("hall", "cam"))
    assert reader.refusal is not None
    assert (reader.refusal.code, reader.refusal.retry) == ("rights", False)
    assert reader.refusal.message == "this key may not read cam"


def test_of_all_streams_a_key_reads_those_it_may() -> None:
    desk = Desk()
    publisher = desk.publisher(live=False, retain_bytes=1000)
    publisher.introduce_callers(Guest("10.0.0.7", Key(read={"hall"})))
    reader = desk.reader(publisher, group="file")
    for seq in range(20):
        assert publisher.try_send(frame(seq, "cam")) is None  # it is not owed what it may not read
    publisher.send(frame(0, "hall"))
    assert [item.stream for item in reader.read_items()] == ["hall"]
    publisher.close()
    assert reader.session.finished
    assert reader.missed == 0
    assert {state.name for state in reader.welcome.streams} <= {"hall"}


def test_a_welcome_names_no_stream_that_may_not_be_read() -> None:
    desk = Desk()
    publisher = desk.publisher()
    publisher.send(frame(0, "secret"), frame(0, "hall"))
    publisher.introduce_callers(Guest("10.0.0.7", Key(read={"hall"})))
    reader = desk.reader(publisher)
    assert [state.name for state in reader.welcome.streams] == ["hall"]


def test_a_member_is_never_sent_what_its_own_key_may_not_read() -> None:
    desk = Desk()
    publisher = desk.publisher()
    publisher.introduce_callers(Guest(), Guest("10.0.0.7", Key(read={"hall"})))
    strong = desk.reader(publisher, "strong", keep="all", group="work", window_frames=8)
    weak = desk.reader(publisher, "weak", keep="all", group="work", window_frames=8)
    publisher.send(*(frame(seq, stream) for seq in range(4) for stream in ("cam", "hall")))
    seen = {item.stream for item in weak.read_items()}
    assert seen == {"hall"}
    assert {item.stream for item in strong.read_items()} >= {"cam"}


def test_publishing_takes_the_right_to_publish() -> None:
    desk = Desk()
    hub = desk.reader()
    hub.introduce_callers(Guest("10.0.0.7", Key(publish={"hall"})))
    publisher = desk.publisher(calls=hub)
    hub.ask()
    publisher.send(frame(0, "hall"))
    assert hub.read_all() == [0]
    publisher.send(frame(0, "cam"))
    assert publisher.refusal is not None
    assert (publisher.refusal.code, publisher.refusal.message) == ("rights", "this key may not publish 'cam'")
    assert hub.read_all() == []
    assert publisher.session.calling is not None
    assert publisher.session.calling.refusal == publisher.refusal.message


def test_also_for_streams_announced_in_the_hello() -> None:
    desk = Desk()
    hub = desk.reader()
    hub.introduce_callers(Guest("10.0.0.7", Key(publish=set())))
    publisher = desk.publisher(calls=hub)
    publisher.send(frame(0, "cam"))
    hub.session.received("again", Hello(session="ab", role="reader"), 0.0)
    assert publisher.refusal is None
    publisher.cut(down_s=0.1)
    desk.wait(0.5)
    assert hub.session.away is False or publisher.refusal is not None


def test_observing_takes_the_right_to_observe() -> None:
    publisher = Desk().publisher()
    publisher.session.guests.introduce("x", Guest("10.0.0.7", Key(read={"cam"})))
    publisher.session.received("x", Observe(session="ab"), None, 0.0)
    [(_, refusal)] = publisher.session.out
    assert isinstance(refusal, Refuse)
    assert refusal.message == "this key may not observe"
    publisher.session.guests.introduce("y", Guest("10.0.0.7", Key(observe={""})))
    publisher.session.out.clear()
    publisher.session.received("y", Observe(session="ab"), None, 0.0)
    [(_, status)] = publisher.session.out
    assert isinstance(status, Observe)


def test_silence_does_not_make_a_key_stronger() -> None:
    desk = Desk()
    publisher = desk.publisher()
    publisher.introduce_callers(Guest("10.0.0.7", Key(read={"hall"})))
    reader = desk.reader(publisher)
    reader.freeze(5)
    desk.wait(6)  # it was taken for dead, and said hello again over the same connection
    reader.ask()
    publisher.send(frame(0, "cam"), frame(0, "hall"))
    assert [item.stream for item in reader.read_items()] == ["hall"]


def test_saying_hello_again_does_not_either() -> None:
    desk = Desk()
    hub = desk.reader()
    hub.introduce_callers(Guest("10.0.0.7", Key(publish={"hall"})))
    publisher = desk.publisher(calls=hub)
    publisher.session.calling.lost(desk.now)  # type: ignore[union-attr]
    desk.wait(0.1)
    hub.ask()
    publisher.send(frame(0, "cam"))
    assert hub.read_all() == []
    assert publisher.refusal is not None
