"""Names at a hub: one name, one publisher at a time; a second machine gets a name of its own, a successor the same."""

from __future__ import annotations

import pytest

from framebus.core.names import valid_name
from framebus.session.guests import Guest
from framebus.session.handshake import Calling
from framebus.session.reader import ReaderSession
from framebus.session.rules import ReaderRules
from framebus.session.stream_names import PROOF_S
from framebus.testing.network import CALLED, Line
from framebus.wire.control import Hello, Party, Refuse, StreamState, Welcome
from tests.session.desk import RUN, Desk, Listener, Speaker, frame


def arrive(hub: Listener, name: str, address: str, *, announce: bool) -> Speaker:
    """A publisher on the machine `name` that publishes `cam`, known from its hello or from its first frame on."""
    hub.introduce_callers(Guest(address))
    desk = hub.desk
    run = RUN + len(desk.seats)
    if not announce:
        publisher = desk.publisher(name, calls=hub)
    else:
        publisher = desk.publisher(name)
        publisher.send(frame(0, run=run))
        call(publisher, hub)
    publisher.send(frame(1, run=run))
    return publisher


def call(publisher: Speaker, hub: Listener) -> None:
    """`publisher`, with all it has made so far, calls `hub` now."""
    publisher.session.calling = Calling(f"{len(hub.desk.seats) + 100:016x}", CALLED)
    publisher.line = Line(hub.desk.network, lambda: publisher.node, lambda: hub.node)
    publisher.connect()


announced = pytest.mark.parametrize("announce", [True, False])


@announced
def test_a_second_machine_is_let_in_under_its_address_stable_across_restarts(announce: bool) -> None:
    desk = Desk()
    hub = desk.reader(keep="all")
    arrive(hub, "pi-1", "192.168.1.11", announce=announce)
    for _ in range(2):
        second = arrive(hub, "pi-2", "192.168.1.12", announce=announce)
        names = {item.stream for item in hub.read_items()}
        second.kill()
        assert "cam.192-168-1-12" in names
        assert names <= {"cam", "cam.192-168-1-12"}


def test_a_renamed_streams_frames_are_acknowledged_under_their_own_name() -> None:
    desk = Desk()
    hub = desk.reader(keep="all")
    arrive(hub, "pi-1", "192.168.1.11", announce=False)
    second = arrive(hub, "pi-2", "192.168.1.12", announce=False)
    second.send(frame(2), frame(3))
    hub.read_all()
    desk.wait(1)
    assert second.retained == 0


@pytest.mark.parametrize("address", ["10.0.0.7", "fe80::1", "2001:db8:85a3:1111:2222:8a2e:370:7334", ""])
def test_whatever_the_name_and_address_the_new_name_is_one(address: str) -> None:
    desk = Desk()
    hub = desk.reader(keep="all")
    longest = "c" * 64
    names = []
    for number in range(2):
        hub.introduce_callers(Guest(address))
        publisher = desk.publisher(f"pi-{number}", calls=hub)
        publisher.send(frame(0, longest))
        names += [item.stream for item in hub.read_items()]
    assert len(set(names)) == 2
    assert all(map(valid_name, names))


@announced
def test_a_second_publisher_on_one_machine_is_refused_naming_the_first(announce: bool) -> None:
    desk = Desk()
    hub = desk.reader(keep="all")
    first = arrive(hub, "pi-1", "192.168.1.11", announce=announce)
    second = arrive(hub, "pi-1", "192.168.1.11", announce=announce)
    assert second.refusal is not None
    assert (second.refusal.code, second.refusal.retry) == ("name", True)  # the first is asked whether it still is there
    desk.wait(2 * PROOF_S + 0.1)
    assert second.session.calling is not None
    assert second.session.calling.refusal == (
        "stream 'cam' is already published here by python camera.py (pid 1 on pi-1); "
        "stop it, or give this one another name"
    )
    first.send(frame(5, run=RUN + 2))
    assert 5 in hub.read_all()


@announced
def test_also_on_a_machine_that_is_known_by_its_address(announce: bool) -> None:
    desk = Desk()
    hub = desk.reader(keep="all")
    arrive(hub, "pi-1", "192.168.1.11", announce=announce)
    arrive(hub, "pi-2", "192.168.1.12", announce=announce)
    third = arrive(hub, "pi-2", "192.168.1.12", announce=announce)
    desk.wait(2 * PROOF_S + 0.1)
    assert third.session.calling is not None
    assert third.session.calling.refusal is not None


@announced
def test_a_dead_publishers_name_is_taken_over_though_nobody_noticed_its_death(announce: bool) -> None:
    desk = Desk()
    hub = desk.reader(keep="all")
    first = arrive(hub, "pi-1", "192.168.1.11", announce=announce)
    first.node.sleep(1e6)
    second = arrive(hub, "pi-1", "192.168.1.11", announce=announce)
    desk.wait(2 * PROOF_S + 0.1)
    assert second.session.calling is not None
    assert second.session.calling.welcomed
    hub.read_all()
    second.send(frame(9, run=RUN + 3))
    assert hub.read_all()[-1] == 9


def test_a_successor_is_let_in_at_once_when_the_death_was_noticed() -> None:
    desk = Desk()
    hub = desk.reader(keep="all")
    first = arrive(hub, "pi-1", "192.168.1.11", announce=False)
    first.kill()
    second = arrive(hub, "pi-1", "192.168.1.11", announce=False)
    assert second.refusal is None


def test_the_successors_frames_that_came_too_early_are_a_counted_gap() -> None:
    desk = Desk()
    hub = desk.reader(keep="all")
    first = desk.publisher("pi-1", calls=hub)
    first.send(frame(0))
    assert hub.read_all() == [0]
    first.kill()
    second = desk.publisher("pi-1")
    for seq in range(5):
        second.send(frame(seq, run=RUN + 1))
    call(second, hub)
    second.send(frame(5, run=RUN + 1))
    [item] = hub.read_items()
    assert (item.seq, item.missed) == (5, 5)


def test_after_an_end_the_name_is_free_and_nothing_was_missed() -> None:
    desk = Desk()
    hub = desk.reader(keep="all")
    first = arrive(hub, "pi-1", "192.168.1.11", announce=False)
    assert hub.read_all() == [1]
    first.close()
    second = arrive(hub, "pi-2", "192.168.1.12", announce=False)
    assert [(item.stream, item.missed) for item in hub.read_items()] == [("cam", 0)]
    assert second.refusal is None


def test_the_same_publisher_returning_goes_on_under_its_name() -> None:
    desk = Desk()
    hub = desk.reader(keep="all", group="file")
    arrive(hub, "pi-1", "192.168.1.11", announce=False)
    second = arrive(hub, "pi-2", "192.168.1.12", announce=False)
    hub.read_all()
    hub.introduce_callers(Guest("192.168.1.99"))  # it has moved
    second.cut(down_s=0.5)
    second.send(frame(2), frame(3))
    desk.wait(1)
    items = hub.read_items()
    assert [(item.stream, item.seq) for item in items] == [("cam.192-168-1-12", 2), ("cam.192-168-1-12", 3)]


def test_a_stream_that_begins_during_the_handshake_is_held_against_what_others_publish() -> None:
    state = StreamState(name="cam", run=f"{RUN:016x}")
    hub = ReaderSession(ReaderRules(), Party(host="hub"))
    for peer, session in (("first", "a" * 16), ("second", "b" * 16)):
        party = Party(host="pi", command=peer)
        hub.received(peer, Hello(session=session, role="publisher", party=party), 1.0)
        hub.out.clear()
        hub.received(peer, Welcome(session=session, role="publisher", party=party, streams=(state,)), 1.0)
    refusals = [(peer, action.code) for peer, action in hub.out if isinstance(action, Refuse)]
    assert refusals == [("second", "name")]
    assert [feed.names for feed in hub.feeds.values() if feed.open] == [{"cam": "cam"}]
