"""Whatever a stranger says, in whatever order: an answer or a named error, and nobody else notices."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from framebus.core.errors import BadFrame
from framebus.wire import control
from framebus.wire.control import (
    Credit,
    End,
    FrameRange,
    Hello,
    Message,
    Observe,
    Ping,
    Refuse,
    Reply,
    Reset,
    StreamState,
    Welcome,
)
from tests.session.desk import RUN, Desk, frame, packet, pair

NUMBERS = st.integers(0, 12) | st.integers(0, 2**53 - 1)
NAMES = st.sampled_from(["cam", "hall", "x" * 64])
RUNS = st.sampled_from([f"{RUN:016x}", "0" * 16, "f" * 16])
SESSIONS = st.sampled_from(["", "a" * 16, "b" * 16])  # not those of others: they are 64 random bits
STATES = st.lists(
    st.builds(StreamState, name=NAMES, run=RUNS, next=NUMBERS, thinned=NUMBERS, packets=st.booleans()), max_size=3
).map(tuple)
RANGES = st.lists(st.builds(FrameRange, NAMES, RUNS, NUMBERS, NUMBERS), max_size=3).map(tuple)
WISHES: dict[str, Any] = {
    "session": SESSIONS,
    "attempt": NUMBERS,
    "want": st.lists(st.sampled_from(["", "*", "cam", "c*"]), max_size=2).map(tuple),
    "keep": st.sampled_from([None, "latest", "all"]),
    "group": st.sampled_from(["", "file", "run.h5.1a2b3c4d"]),
    "exclusive": st.booleans(),
    "max_fps": st.sampled_from([0.0, 5e-324, 0.1, 30.0, 1e6]),
    "packets": st.booleans(),
    "window_bytes": NUMBERS,
    "live": st.booleans(),
    "streams": STATES,
}
MESSAGES: st.SearchStrategy[Message] = st.one_of(
    st.builds(Hello, role=st.sampled_from(["publisher", "reader", "observer"]), **WISHES),
    st.builds(Welcome, role=st.sampled_from(["publisher", "reader"]), resumed=st.booleans(), **WISHES),
    st.builds(Refuse, session=SESSIONS, code=st.just("name"), message=st.text(max_size=9), retry=st.booleans()),
    st.builds(Credit, session=SESSIONS, credit=NUMBERS, want=st.sampled_from(["", "cam"]), frames=RANGES),
    st.builds(Reply, session=SESSIONS, frame=st.builds(FrameRange, NAMES, RUNS, NUMBERS, NUMBERS)),
    st.builds(End, session=SESSIONS, streams=STATES),
    st.builds(Ping, session=SESSIONS, answer=st.booleans()),
    st.builds(Reset, session=SESSIONS),
    st.builds(Observe, session=SESSIONS),
)
SAYING = st.lists(st.tuples(st.sampled_from(["x", "y"]), MESSAGES, st.sampled_from([0.0, 0.4, 4.0])), max_size=12)


def as_sent(message: Message) -> Message:
    """The message as it arrives: what it may say has been checked by then."""
    return control.decode(control.encode(message))


@settings(deadline=None, max_examples=150)
@given(SAYING, st.booleans(), st.booleans())
def test_to_a_publisher(said: list[tuple[str, Message, float]], live: bool, coded: bool) -> None:
    desk = Desk()
    publisher = desk.publisher(live=live, when_full="skip", retain_bytes=500, wait_for_groups=("run.h5",))
    friend = desk.reader(publisher, "friend", keep="all", group="friend")
    seen: list[int] = []
    for seq, (peer, message, seconds) in enumerate(said):
        try:
            publisher.session.received(peer, as_sent(message), None, desk.now)
        except BadFrame:
            publisher.session.unexpected(peer, desk.now)
        publisher.session.out = [action for action in publisher.session.out if action[0] not in ("x", "y")]
        publisher.session.audience.out = publisher.session.out
        publisher.try_send(packet(seq, "hall", key=True) if coded else frame(seq, "hall"))
        publisher.try_send(frame(seq))
        seen += [item.seq for item in friend.read_items() if item.stream == "cam"]
        desk.wait(seconds)
        publisher.session.deadline(desk.now)
    assert seen == list(range(len(said)))
    owed = [group for group in publisher.session.audience.groups.values() if group.owed]
    assert publisher.retained <= 500 + 100 * len(owed)


@settings(deadline=None, max_examples=150)
@given(SAYING, st.lists(st.integers(0, 5), max_size=6))
def test_to_a_hub(said: list[tuple[str, Message, float]], frames: list[int]) -> None:
    desk = Desk()
    hub = desk.reader(keep="all", group="file")
    friend = desk.publisher("friend", calls=hub)
    seen: list[int] = []
    for seq, (peer, message, seconds) in enumerate(said):
        try:
            hub.session.received(peer, as_sent(message), desk.now)
            for number in frames:
                hub.session.arrived(peer, frame(number, "hall"), number // 2, desk.now)
        except BadFrame:
            hub.session.unexpected(peer, desk.now)
        hub.session.out[:] = [action for action in hub.session.out if action[0] not in ("x", "y")]
        hub.session.dropped.clear()
        friend.send(frame(seq))
        seen += [item.seq for item in hub.read_items() if item.stream == "cam"]
        desk.wait(seconds)
    assert seen == list(range(len(said)))


@settings(deadline=None, max_examples=150)
@given(SAYING)
def test_to_a_reader_by_the_publisher_itself(said: list[tuple[str, Message, float]]) -> None:
    desk, _, reader = pair(keep="all")
    assert reader.session.calling is not None
    for _, message, seconds in said:
        try:
            reader.session.received(reader.session.calling.peer, as_sent(message), desk.now)
        except BadFrame:
            reader.session.unexpected(reader.session.calling.peer, desk.now)
        reader.session.arrived(reader.session.calling.peer, frame(0), 0, desk.now)
        reader.read_all()
        reader.session.dropped.clear()
        desk.wait(seconds)
        reader.session.deadline(desk.now)
        for feed in reader.session.feeds.values():
            assert feed.held >= 0
