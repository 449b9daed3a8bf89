"""Keys from the invitation to the last frame: who gets through, who does not, and what each side is told.

The hub listens to the whole network, so it needs keys; the machines that join reach it over loopback and have key
stores of their own.
"""

from __future__ import annotations

import contextlib
import random
import re
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import zmq

import framebus as fb
from framebus.links import sockets
from framebus.links.keys import ClientKeys, KeyStore, Rights
from framebus.links.publishing import LinkPublisher
from framebus.links.receiving import LinkSource
from framebus.testing.between import Wire
from framebus.testing.keyholders import Machines, using
from framebus.testing.links import WAIT_S, Reading, numbers, picture
from tests.conftest import StartChild
from tests.two_machines import two_machines
from tests.waiting import until

SENDER = """
import itertools, sys, time, numpy as np, framebus as fb
try:
    with fb.publish(sys.argv[1], listen=False) as out:
        for number in itertools.count():
            for stream in sys.argv[2:]:
                out.send(np.full((8, 8), number % 256, "uint8"), stream=stream)
            time.sleep(0.005)
except fb.Error as error:
    print(type(error).__name__, error)
"""


STRANGERS = {
    "with no key": "lets nobody in without a key: `framebus keys invite NAME` there, then `framebus keys join` here",
    "with a revoked key": r"does not allow our key \(any more\): ask there for `framebus keys invite NAME`",
    "with the key of another hub": "does not have the key it had when we were invited .* `framebus keys invite NAME`",
}


@pytest.fixture
def machines(tmp_path: Path, free_port: int) -> Machines:
    return Machines(tmp_path, free_port)


@pytest.fixture
def as_machine() -> Callable[[Path], contextlib.AbstractContextManager[None]]:
    """What is opened inside uses the keys in that folder."""
    return using


AsMachine = Callable[[Path], contextlib.AbstractContextManager[None]]


def wait_text(source: fb.Source, pattern: str) -> None:
    """Until the reason why no frame comes is the one that `pattern` describes."""
    limit = time.monotonic() + WAIT_S
    said = ""
    while not re.search(pattern, said):
        assert time.monotonic() < limit, f"said instead: {said}"
        with pytest.raises(fb.Timeout) as caught:
            source.read(timeout=0.05)
        said = str(caught.value)


def streams_of(source: fb.Source, count: int) -> set[str]:
    """The streams of the next `count` frames."""
    return {source.read(timeout=WAIT_S).stream for _ in range(count)}


# from one command to the other ----------------------------------------------------------------------------------


def test_a_machine_joins_with_the_line_that_the_hub_printed_and_its_frames_arrive(
    child: StartChild, tmp_path: Path, free_port: int
) -> None:
    address, there = f"tcp://127.0.0.1:{free_port}", {"FRAMEBUS_KEYS": str(tmp_path / "pi")}
    code = child("-m", "framebus", "keys", "invite", "pi", "--address", address).succeed()
    child("-m", "framebus", "keys", "join", stdin=code, env=there).succeed()

    hub = child("-m", "framebus", "pipe", f"tcp://:{free_port}", "null:", "--frames", "5")
    pi = ("synthetic:pi", address, "--no-listen", "--frames", "5", "--size", "64x48", "--when-full", "skip")
    child("-m", "framebus", "pipe", *pi, env=there).succeed()

    hub.succeed()
    assert "5 frames in " in hub.stderr


def test_frames_arrive_whole_and_in_order_over_an_encrypted_link(machines: Machines, as_machine: AsMachine) -> None:
    pictures = [np.random.default_rng(n).integers(0, 256, (1000, 2000, 3), np.uint8) for n in range(12)]
    with fb.publish(machines.everywhere, wait_for=1, when_full="wait") as out:
        with as_machine(machines.invite("screen")):
            reading = Reading(fb.open(machines.address, listen=False, keep="all", timeout=WAIT_S))
        for image in pictures:
            out.send(image)
    frames = reading.result()
    assert numbers(frames) == list(range(12))
    for frame, image in zip(frames, pictures, strict=True):
        assert np.array_equal(frame.image, image)


def test_a_session_knows_that_its_way_is_encrypted(machines: Machines, as_machine: AsMachine) -> None:
    with (
        fb.publish(machines.everywhere, wait_for=1) as out,
        as_machine(machines.invite("screen")),
        fb.open(machines.address, listen=False, timeout=WAIT_S) as source,
        fb.publish("tcp://127.0.0.1:0") as plain,
    ):
        out.send(picture(0))
        source.read()
        assert isinstance(source, LinkSource)
        assert source._end.session.guests.encrypted
        assert isinstance(plain, LinkPublisher)
        assert not plain._end.session.guests.encrypted


HUB = """
import sys, framebus as fb
with fb.open(sys.argv[1]) as hub:
    for frame in hub:
        print(frame.stream, flush=True)
"""


def test_what_is_damaged_on_its_way_ends_a_connection_and_no_process(machines: Machines, child: StartChild) -> None:
    hub = child("-c", HUB, machines.everywhere)
    with Wire(machines.port, random.Random(1)) as wire:
        through = f"tcp://127.0.0.1:{wire.port}"
        env = {"FRAMEBUS_KEYS": str(machines.invite("pi", through=through))}
        sender = child("-c", SENDER, through, "pi", env=env)
        for damaged in (3, 6, 9):
            hub.wait_line("^pi$")
            wire.damage = 0.2
            until(lambda damaged=damaged: wire.damaged >= damaged)  # type: ignore[misc]
            wire.damage = 0.0
            before = len(hub.stdout)
            until(lambda before=before: len(hub.stdout) > before)  # type: ignore[misc]
    assert (hub.process.poll(), sender.process.poll()) == (None, None)


# strangers ------------------------------------------------------------------------------------------------------


def test_not_one_frame_of_a_stranger_gets_through_and_each_is_told_what_to_do(
    machines: Machines, child: StartChild, caplog: pytest.LogCaptureFixture
) -> None:
    with fb.open(machines.everywhere) as hub:
        senders = {}
        for number, kind in enumerate(STRANGERS):
            env = {"FRAMEBUS_KEYS": str(machines.stranger(kind))}
            senders[kind] = child("-c", SENDER, machines.address, f"stranger-{number}", env=env)
        for kind, told in STRANGERS.items():
            senders[kind].wait_line(told)
        child("-c", SENDER, machines.address, "pi", env={"FRAMEBUS_KEYS": str(machines.invite("pi"))})
        assert streams_of(hub, 50) == {"pi"}
    assert re.search("(shows|may have) no key.*`framebus keys invite NAME` here", caplog.text)
    assert "is not allowed here; `framebus keys invite NAME` here" in caplog.text


@pytest.mark.parametrize("kind", STRANGERS)
def test_a_stranger_reads_nothing_and_says_why(machines: Machines, as_machine: AsMachine, kind: str) -> None:
    with fb.publish(machines.everywhere) as out:
        with as_machine(machines.stranger(kind)), fb.open(machines.address, listen=False) as source:
            for _ in range(5):
                out.send(picture(1))
            wait_text(source, STRANGERS[kind])
        assert out.stats().readers == []


def test_a_plain_zeromq_client_and_one_with_a_key_of_its_own_making_reach_nothing(
    machines: Machines, child: StartChild
) -> None:
    own = machines.hub.own()
    assert own is not None
    public, secret = (key.decode() for key in zmq.curve_keypair())
    made_up = ClientKeys(own.public, public, secret)
    with (
        fb.open(machines.everywhere) as hub,
        sockets.dialler(machines.address) as plain,
        sockets.dialler(machines.address, keys=made_up) as forger,
    ):
        child("-c", SENDER, machines.address, "pi", env={"FRAMEBUS_KEYS": str(machines.invite("pi"))})
        assert streams_of(hub, 50) == {"pi"}
        for stranger in (plain, forger):
            with pytest.raises(zmq.Again):
                stranger.send(b"frame", zmq.NOBLOCK)


def test_asking_about_a_publisher_without_a_key_says_that_one_is_needed(
    machines: Machines, child: StartChild, tmp_path: Path
) -> None:
    with fb.publish(machines.everywhere):
        env = {"FRAMEBUS_KEYS": str(tmp_path / "nobody")}
        asking = child("-m", "framebus", "info", machines.address, env=env)
        assert asking.wait() == 4
    assert "framebus keys invite NAME" in asking.stderr


# a key is taken away --------------------------------------------------------------------------------------------


def test_a_revoked_key_ends_a_running_connection_and_nobody_comes_back_with_it(
    machines: Machines, child: StartChild, caplog: pytest.LogCaptureFixture
) -> None:
    with fb.open(machines.everywhere) as hub:
        env = {"FRAMEBUS_KEYS": str(machines.invite("pi"))}
        pi = child("-c", SENDER, machines.address, "pi", env=env)
        assert streams_of(hub, 10) == {"pi"}
        machines.hub.revoke("pi")
        pi.wait_line(STRANGERS["with a revoked key"])
        with contextlib.suppress(fb.Timeout):
            while True:  # what came before
                hub.read(timeout=0)
        again = child("-c", SENDER, machines.address, "again", env=env)
        again.wait_line(STRANGERS["with a revoked key"])
        child("-c", SENDER, machines.address, "other", env={"FRAMEBUS_KEYS": str(machines.invite("other"))})
        assert streams_of(hub, 30) == {"other"}
    assert "the key of pi was revoked" in caplog.text


def test_a_reader_whose_key_is_revoked_gets_no_more(machines: Machines, as_machine: AsMachine) -> None:
    with (
        fb.publish(machines.everywhere, when_full="skip") as out,
        as_machine(machines.invite("screen")),
        fb.open(machines.address, listen=False) as source,
    ):
        _send_until(out, lambda: bool(out.stats().readers))
        machines.hub.revoke("screen")
        _send_until(out, lambda: not out.stats().readers)
        with contextlib.suppress(fb.Timeout):
            while True:
                source.read(timeout=0)
        out.send(picture(1))
        wait_text(source, STRANGERS["with a revoked key"])


# rights ---------------------------------------------------------------------------------------------------------


def test_a_key_publishes_its_own_streams_and_no_others(
    machines: Machines, child: StartChild, caplog: pytest.LogCaptureFixture
) -> None:
    env = {"FRAMEBUS_KEYS": str(machines.invite("pi", Rights(publish=("porch", "yard-*"))))}
    with fb.open(machines.everywhere) as hub:
        honest = child("-c", SENDER, machines.address, "porch", "yard-1", env=env)
        seen: set[str] = set()
        while len(seen) < 2:
            seen |= streams_of(hub, 1)
        curious = child("-c", SENDER, machines.address, "yard-2", "door", env=env)
        while curious.process.poll() is None:  # it learns of it when the hub asks for a frame
            seen |= streams_of(hub, 1)
        curious.wait_line("Closed .* refused: this key may not publish 'door'")
        assert "door" not in seen
        assert streams_of(hub, 30) <= {"porch", "yard-1", "yard-2"}
        honest.kill()
    assert "refused 127.0.0.1: this key may not publish 'door'" in caplog.text


@pytest.mark.parametrize(
    ("wanted", "gets"),
    [("", {"door", "yard-1"}), ("door", {"door"}), ("yard-*", {"yard-1"}), ("*", {"door", "yard-1"})],
)
def test_a_key_reads_the_streams_it_may_and_no_others(
    machines: Machines, as_machine: AsMachine, wanted: str, gets: set[str]
) -> None:
    with fb.publish(machines.everywhere, wait_for=1, when_full="wait") as out:
        with as_machine(machines.invite("screen", Rights(read=("door", "yard-*")))):
            reading = Reading(fb.open(f"{machines.address}/{wanted}", listen=False, keep="all", timeout=WAIT_S))
        for number in range(10):
            for stream in ("door", "gate", "yard-1"):
                out.send(picture(number), stream=stream)
    assert {frame.stream for frame in reading.result()} == gets


@pytest.mark.parametrize("wanted", ["gate", "ga*"])
def test_asking_for_a_stream_that_the_key_does_not_cover_is_refused(
    machines: Machines, as_machine: AsMachine, wanted: str
) -> None:
    with (
        fb.publish(machines.everywhere),
        as_machine(machines.invite("screen", Rights(read=("door",)))),
        fb.open(f"{machines.address}/{wanted}", listen=False, timeout=WAIT_S) as source,
        pytest.raises(fb.errors.Closed, match=rf"refused: this key may not read {re.escape(wanted)}"),
    ):
        source.read()


def test_a_key_that_may_read_nothing_is_told_so(machines: Machines, as_machine: AsMachine) -> None:
    with (
        fb.publish(machines.everywhere),
        as_machine(machines.invite("camera", Rights(publish=("*",)))),
        fb.open(machines.address, listen=False, timeout=WAIT_S) as source,
        pytest.raises(fb.errors.Closed, match="refused: this key may not read any stream"),
    ):
        source.read()


def test_asking_about_a_publisher_is_a_right_too(machines: Machines, as_machine: AsMachine, child: StartChild) -> None:
    curious = {"FRAMEBUS_KEYS": str(machines.invite("camera", Rights(publish=("*",))))}
    with fb.publish(machines.everywhere):
        asking = child("-m", "framebus", "info", machines.address, env=curious)
        assert asking.wait() == 4
    assert "this key may not observe" in asking.stderr


def _send_until(out: fb.Publisher, condition: Callable[[], bool]) -> None:
    limit = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < limit, "hung"
        out.send(picture(1))


# two machines ---------------------------------------------------------------------------------------------------

NEAR = """
"$PYTHON" -m framebus pipe tcp://:5555 null: --frames 5
wait $!
"""
FAR = """
    FRAMEBUS_KEYS=$PI_KEYS exec "$PYTHON" -m framebus pipe synthetic:pi tcp://10.55.0.1 --frames 5 --when-full skip
"""


def test_two_machines_read_off_the_address_who_listens_and_meet_encrypted(child: StartChild, tmp_path: Path) -> None:
    pi = KeyStore(tmp_path / "pi")
    pi.join(KeyStore().invite("pi", "tcp://10.55.0.1"))
    both = two_machines(child, NEAR, FAR, cwd=tmp_path, PI_KEYS=str(pi.folder))
    both.succeed()
    assert both.stderr.count("5 frames in ") == 2
