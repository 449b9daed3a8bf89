"""How streams are that came by a link: told by who is there and when they last came, also through relays."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress

import numpy as np
import pytest

import framebus as fb
from framebus.cli import main
from framebus.core import clock
from framebus.core.contracts import SourceState
from framebus.links import presence
from framebus.testing.links import WAIT_S
from tests.conftest import StartChild
from tests.waiting import until

PICTURE = np.zeros((8, 8, 3), np.uint8)
Port = Callable[[], int]


@pytest.fixture
def where(free_port: int) -> str:
    return f"tcp://127.0.0.1:{free_port}"


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence, "STALLED_S", 0.05)


def read_one(source: fb.Source, out: fb.Publisher) -> None:
    """One frame travels, and the reader waits for the next."""
    source.fileno()
    until(lambda: out.stats().readers)
    out.send(PICTURE)
    source.read(WAIT_S)
    with pytest.raises(fb.Timeout):
        source.read(0)


def state(source: fb.Source, stream: str = "door") -> SourceState:
    return source.states()[stream]


def next_state(source: fb.Source) -> SourceState:
    """Its state once what was on its way has come."""
    with suppress(fb.Timeout):
        source.read(0)
    return state(source)


@pytest.fixture
def pair(where: str) -> Iterator[tuple[fb.Source, fb.Publisher]]:
    with ExitStack() as stack:
        out = fb.publish(f"{where}/door", patience="100ms")
        stack.callback(out.abandon)
        source = stack.enter_context(fb.open(where, keep="latest"))
        read_one(source, out)
        yield source, out


def test_a_stream_that_comes_is_live(pair: tuple[fb.Source, fb.Publisher]) -> None:
    assert state(pair[0]) == SourceState(state="live")


@pytest.mark.usefixtures("impatient")
def test_one_whose_publisher_sends_nothing_is_stalled(pair: tuple[fb.Source, fb.Publisher], where: str) -> None:
    source, out = pair
    until(lambda: state(source).state == "stalled")
    assert state(source).why == f"the publisher at {where} is there and sends nothing"
    assert state(source).since_ns
    read_one(source, out)
    assert state(source).state == "live"


@pytest.mark.usefixtures("impatient")
def test_silence_is_nobodys_fault_while_its_reader_is_busy(pair: tuple[fb.Source, fb.Publisher]) -> None:
    source, out = pair
    out.send(PICTURE)
    source.read(WAIT_S)  # in hand: nothing more may come
    until(lambda: (source.stats().of("door").silence_s(clock.mono_ns()) or 0) > 2 * presence.BUSY_S)
    assert state(source).state == "live"
    with pytest.raises(fb.Timeout):
        source.read(0)
    assert state(source).state == "live"  # it has only just asked


def test_one_whose_publisher_is_gone_is_away(pair: tuple[fb.Source, fb.Publisher], where: str) -> None:
    source, out = pair
    out.abandon()
    until(lambda: state(source).state == "away")
    assert f"{where} is gone" in state(source).why
    with pytest.raises(fb.Timeout, match=r"the last one came \d+\.\d s ago; .*"):
        source.read("10ms")


def test_waiting_for_what_never_came_does_not_say_that_it_came(where: str) -> None:
    with fb.open(where) as source:
        assert source.states() == {}
        with pytest.raises(fb.Timeout, match=r"within 0\.01 s; nobody is publishing there yet"):
            source.read("10ms")


def test_a_reader_is_told_that_a_publisher_was_there_and_sent_something(pair: tuple[fb.Source, fb.Publisher]) -> None:
    with pytest.raises(fb.Timeout, match="; the publisher is there and sends nothing"):
        pair[0].read("10ms")


def test_a_hub_knows_which_of_its_publishers_is_gone_and_which_has_ended(where: str) -> None:
    with fb.open(where, listen=True, keep="latest") as hub:
        killed, ended, there = (fb.publish(f"{where}/{name}", listen=False) for name in ("killed", "ended", "there"))
        for out in (killed, ended, there):
            read_one(hub, out)
        killed.abandon()
        ended.close()
        until(lambda: state(hub, "killed").state == state(hub, "ended").state == "away")
        assert state(hub, "killed").why.endswith("is gone")
        assert state(hub, "ended").why.endswith("has ended it")
        assert state(hub, "there").state == "live"
        there.close()
        until(lambda: state(hub, "there").state == "away")
        with pytest.raises(fb.Timeout, match="nobody publishes here any more"):
            hub.read("10ms")


def test_several_sources_tell_of_all_their_streams(where: str, free_ports: Port) -> None:
    other = f"tcp://127.0.0.1:{free_ports()}"
    with (
        fb.publish(f"{where}/door") as out,
        fb.publish(f"{other}/yard") as more,
        fb.open(where, other, keep="latest") as source,
    ):
        for publisher in (out, more):
            read_one(source, publisher)
        assert {name: state.state for name, state in source.states().items()} == {"door": "live", "yard": "live"}


def test_behind_a_relay_it_is_seen_that_the_origin_is_gone(
    child: StartChild, where: str, free_ports: Port, capsys: pytest.CaptureFixture[str]
) -> None:
    second = f"tcp://127.0.0.1:{free_ports()}"
    camera = child("-m", "framebus", "pipe", "synthetic:door", where, "--size", "64x48")
    relay = child("-m", "framebus", "pipe", where, second)
    with fb.open(second) as source:
        source.read(WAIT_S)

    def info() -> str:
        assert main(["info", second]) == 0
        return capsys.readouterr().out

    assert "live" in info().splitlines()[2].split()
    camera.kill()
    until(lambda: "door is away for" in info())
    assert f"{where} is gone" in info()
    relay.interrupt()
    relay.wait()


def test_what_a_relay_knows_of_its_camera_is_known_to_its_readers(
    where: str, free_ports: Port, child: StartChild
) -> None:
    camera = f"rtsp://me:canary@127.0.0.1:{free_ports()}/cam"
    pipe = child("-m", "framebus", "pipe", camera, f"{where}/yard")
    with fb.open(where) as source:
        source.fileno()
        until(lambda: source.states() and state(source, "yard").why != "connecting")
        found = state(source, "yard")
        assert (found.state, "cannot be reached" in found.why) == ("away", True)
        assert "canary" not in found.why
        with pytest.raises(fb.Timeout, match=r"has sent nothing: yard is away, .* cannot be reached"):
            source.read("10ms")
    pipe.interrupt()
    pipe.wait()


@pytest.mark.usefixtures("impatient")
def test_and_through_as_many_relays_as_there_are(where: str, free_ports: Port, child: StartChild) -> None:
    second, third = f"tcp://127.0.0.1:{free_ports()}", f"tcp://127.0.0.1:{free_ports()}"
    camera = child("-m", "framebus", "pipe", "synthetic:door", where, "--size", "64x48")
    relays = [child("-m", "framebus", "pipe", *way) for way in ((where, second), (second, third))]
    with fb.open(third) as source:
        source.read(WAIT_S)
        camera.kill()
        until(lambda: next_state(source).state == "away")
        assert f"{where} is gone" in state(source).why
    for relay in relays:
        relay.interrupt()
        relay.wait()
