"""The entrance of a switchboard: who is turned away at once."""

from __future__ import annotations

from contextlib import ExitStack, closing

import pytest

from framebus.links import descriptors, entrance
from framebus.links.entrance import AT_ONCE, RESERVED_DESCRIPTORS
from framebus.links.switchboard import Switchboard
from tests.links.boards import End, Place, heard_all, listens, until
from tests.links.fakes import Fake, FakeDoor


def test_an_address_that_may_not_connect_is_told_to_people_once(stack: ExitStack, tcp: Place) -> None:
    tcp.admits = lambda address: "only the porch may"
    server = listens(stack, tcp)
    strangers = [stack.enter_context(tcp.stranger()) for _ in range(3)]
    until(lambda: len(server.facts) == 3, server)

    assert server.texts() == ["a connection from 127.0.0.1 was refused: only the porch may"]
    assert {fact.kind for fact in server.facts} == {"refused"}
    assert [heard_all(raw) for raw in strangers] == [b""] * 3
    assert server.gone == []


def test_too_many_connections_are_turned_away(
    stack: ExitStack, door: FakeDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(entrance, "MAX_CONNECTIONS", 2)
    hub = stack.enter_context(closing(End(Switchboard([door]))))
    fakes = [Fake(f"192.0.2.7:{number}") for number in range(4)]
    door.comes(*fakes)
    hub.turn()

    assert [fake.closed for fake in fakes] == [False, False, True, True]
    assert hub.texts() == ["192.0.2.7:2 was turned away: 2 connections are enough"]
    assert hub.gone == []  # they were never there
    fakes[0].says(b"still here")
    hub.turn()
    assert hub.messages == [[b"still here"]]

    fakes[0].ends()
    hub.turn()
    next_one = Fake()
    door.comes(next_one)
    hub.turn()
    assert not next_one.closed


def test_the_last_descriptors_are_not_given_to_strangers(
    stack: ExitStack, door: FakeDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = stack.enter_context(closing(End(Switchboard([door]))))
    fake = Fake("192.0.2.7:1")
    monkeypatch.setattr(descriptors, "limit", lambda: fake.fileno() + RESERVED_DESCRIPTORS)
    door.comes(fake)
    hub.turn()

    assert fake.closed
    assert "192.0.2.7:1 was turned away" in hub.texts()[0]


def test_a_crowd_at_the_door_holds_up_nobody_who_is_in(stack: ExitStack, door: FakeDoor) -> None:
    hub = stack.enter_context(closing(End(Switchboard([door]))))
    guest, crowd = Fake(), [Fake(f"192.0.2.7:{number}") for number in range(2 * AT_ONCE)]
    door.comes(guest)
    hub.turn()
    door.comes(*crowd)
    hub.turn()
    assert door.outside == AT_ONCE  # the others have to wait
    guest.says(b"a frame")
    hub.turn()
    assert hub.messages == [[b"a frame"]]
    until(lambda: not door.outside, hub)  # and come in, in their turn
    crowd[-1].says(b"here at last")
    hub.turn()
    assert hub.messages[1:] == [[b"here at last"]]
