"""What a switchboard knows of its connections, shown with some that do as they are told."""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack

from hypothesis import given, settings
from hypothesis import strategies as st

from framebus.links.carrier import CALLED, Newcomer
from framebus.links.switchboard import Switchboard
from framebus.session.outgoing import Peer
from tests.links.boards import End, is_quiet, says
from tests.links.fakes import Fake, FakeDial, FakeDoor, dials


def test_who_comes_is_introduced_with_the_first_message(hub: End, door: FakeDoor) -> None:
    fake = Fake()
    door.comes(fake)
    hub.turn()
    assert hub.heard == []
    fake.says(b"one", b"two")
    hub.turn()
    fake.says(b"three")
    hub.turn()

    assert hub.heard == [(fake, [b"one"]), (fake, [b"two"]), (fake, [b"three"])]
    assert hub.newcomers == [Newcomer("192.0.2.7", ""), None, None]


def test_why_a_connection_ended_is_told_to_people(hub: End, door: FakeDoor) -> None:
    ordinary, rude, shy, silent = Fake("a:1"), Fake("b:1"), Fake("c:1", ready=False), Fake("d:1", ready=False)
    door.comes(ordinary, rude, shy, silent)
    hub.turn()
    ordinary.ends()
    rude.ends("it broke the rules")
    shy.ends("it speaks another protocol")
    silent.ends()
    hub.turn()
    hub.turn()

    assert Counter(map(id, hub.gone)) == Counter(map(id, (ordinary, rude, shy, silent)))
    said = {fact.peer: (fact.kind, fact.text) for fact in hub.facts}
    assert said["a:1"] == ("gone", "")
    assert said["b:1"] == ("refused", "b:1 was cut off: it broke the rules")
    assert said["c:1"] == ("refused", "c:1 was turned away: it speaks another protocol")
    assert said["d:1"][0] == "refused"
    assert "d:1 was turned away: it went without one message" in said["d:1"][1]


def test_nothing_is_sent_before_hands_were_shaken(hub: End, door: FakeDoor) -> None:
    fake = Fake(ready=False)
    door.comes(fake)
    hub.turn()
    assert not hub.board.send(fake, b"x")

    fake.ready = True
    says(hub, fake, b"x")
    assert fake.sent == [b"x"]


def test_a_connection_that_breaks_while_sending_is_gone(hub: End, door: FakeDoor) -> None:
    fake = Fake()
    door.comes(fake)
    hub.turn()
    fake.broken = True
    assert not hub.board.send(fake, b"x")
    assert hub.board.news
    assert not hub.board.send(fake, b"x")
    hub.turn()

    assert hub.gone == [fake]
    assert fake.closed


def test_what_waits_for_room_is_flushed_when_there_is_some(hub: End, door: FakeDoor) -> None:
    fake = Fake()
    door.comes(fake)
    hub.turn()
    fake.waiting = 3
    says(hub, fake, b"x")
    assert not is_quiet(hub)
    hub.turn()

    assert fake.waiting == 0
    assert is_quiet(hub)


def test_what_waits_for_room_is_flushed_by_a_caller_too(stack: ExitStack) -> None:
    fake = Fake()
    end = dials(stack, FakeDial(fake))
    fake.waiting = 3
    says(end, CALLED, b"x")
    assert not is_quiet(end)
    end.turn()

    assert fake.waiting == 0
    assert is_quiet(end)


def test_those_that_are_not_there_are_not_touched(hub: End) -> None:
    unknown = Fake()
    hub.board.cut(unknown, "why not")
    hub.board.forget(unknown)
    assert not hub.board.send(unknown, b"x")
    assert not hub.board.send(CALLED, b"x")
    hub.look_later(0)

    assert hub.gone == []
    assert hub.facts == []
    unknown.close()


_ACTS = st.sampled_from(["says", "says", "send", "turn", "ends", "breaks", "cut", "forget"])


def _ends(hub: End, fake: Fake, act: str) -> None:
    """One of the ways in which a connection can end."""
    if act == "ends":
        fake.ends("enough")
    elif act == "cut":
        hub.board.cut(fake, "enough")
    elif act == "forget":
        hub.board.forget(fake)
    else:
        fake.broken = True
        assert not hub.board.send(fake, b"y")


@given(st.lists(st.tuples(_ACTS, st.integers(0, 3)), max_size=40))
@settings(deadline=None)
def test_whatever_happens_each_end_is_told_once(acts: list[tuple[str, int]]) -> None:
    door = FakeDoor()
    hub = End(Switchboard([door]))
    here: dict[int, Fake] = {}
    everybody: list[Fake] = []
    untold: list[Fake] = []
    said: Counter[Peer] = Counter()
    for act, number in acts:
        fake = here.get(number)
        if fake is None:
            fake = here[number] = Fake(f"192.0.2.{number}:1")
            everybody.append(fake)
            door.comes(fake)
        elif act == "says":
            fake.says(b"x")
            said[fake] += 1
        elif act == "send":
            says(hub, fake, b"y")
        elif act != "turn":
            untold += [fake] if act == "forget" else []
            _ends(hub, here.pop(number), act)
        hub.turn()

    present = list(here.values())
    assert Counter(hub.gone) == Counter(fake for fake in everybody if fake not in present and fake not in untold)
    assert Counter(peer for peer, _ in hub.heard) == said
    assert Counter(peer for (peer, _), newcomer in zip(hub.heard, hub.newcomers, strict=True) if newcomer) == Counter(
        said.keys()
    )
    assert all(fake.closed == (fake not in present) for fake in everybody)
    hub.close()
    assert all(fake.closed for fake in everybody)
