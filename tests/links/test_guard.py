"""The guard: what a stranger may cost on an open port, and what people are told about it."""

from __future__ import annotations

import contextlib
import errno
import math
import os
import secrets
import select
import signal
import socket as system
import struct
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import zmq
from hypothesis import given
from hypothesis import strategies as st

from framebus.links import descriptors
from framebus.links.accounts import ADMITTED_S, SILENT_S, SOON_S, UNADMITTED_S, Account
from framebus.links.admission import admission
from framebus.links.doorman import on_duty
from framebus.links.fact import Fact
from framebus.links.guard import EVENTS_AT_ONCE, Guard
from framebus.links.keys import ClientKeys, KeyPair, KeyStore
from framebus.links.memory import give_back, resident_bytes
from framebus.links.monitor import Watch
from framebus.links.reminder import REMIND_S, Reminder
from framebus.links.sockets import bound_to, dialler, listener
from framebus.links.zap import Loopback, Nobody, Policy
from tests.conftest import StartChild

PATIENCE_S = 30.0
MIB = 1024 * 1024

pytestmark = pytest.mark.skipif(not descriptors.counts_received(), reason="this system does not count bytes")


class Hub:
    """A listener with a guard, driven by the test as an endpoint would."""

    def __init__(self, policy: Policy | KeyStore | None = None, keys: KeyPair | None = None, **limits: Any) -> None:
        self.domain = secrets.token_hex(8)
        on_duty().register(self.domain, policy or Loopback())
        self.socket = listener("tcp://127.0.0.1:0", keys=keys, domain=self.domain)
        self.guard = Guard(self.socket, encrypted=keys is not None, **limits)
        self.address = bound_to(self.socket)
        self.port = int(self.address.rpartition(":")[2])
        self.facts: list[Fact] = []
        self.messages: list[list[bytes]] = []
        self.connections: list[int] = []
        self.turns = threading.Semaphore(0)
        self.growth = 0
        give_back()
        self._before = resident_bytes()

    def until(self, done: Callable[[], bool]) -> None:
        """Drive until `done`."""
        limit = time.monotonic() + PATIENCE_S
        while not done():
            assert time.monotonic() < limit, f"waited in vain; {self.facts[-3:]}"
            wait = min(max(self.guard.deadline - time.monotonic(), 0.0), 0.1)
            select.select([self.guard.fileno(), int(self.socket.get(zmq.FD))], [], [], wait)
            self.facts += self.guard.drive(time.monotonic())
            self._receive()
            self.turns.release()
            self.growth = max(self.growth, resident_bytes() - self._before)

    def quiet(self) -> bool:
        """True when no connection is looked at closely."""
        return self.guard.deadline > time.monotonic() + UNADMITTED_S

    def until_fact(self, kind: str, count: int = 1) -> list[Fact]:
        """Drive until `count` facts of `kind` are known."""
        self.until(lambda: len(self.of(kind)) >= count)
        return self.of(kind)

    def of(self, kind: str) -> list[Fact]:
        return [fact for fact in self.facts if fact.kind == kind]

    def texts(self, kind: str) -> str:
        return "\n".join(fact.text for fact in self.of(kind))

    def _receive(self) -> None:
        while int(self.socket.get(zmq.EVENTS)) & zmq.POLLIN:
            parts = self.socket.recv_multipart(copy=False)
            connection = self.guard.connection(int(parts[0].get(zmq.SRCFD)))
            self.guard.delivered(connection, *map(len, parts[1:]))
            self.connections.append(connection)
            self.messages.append([part.bytes for part in parts[1:]])

    def close(self) -> None:
        self.guard.close()
        self.socket.close(0)
        admission().unregister(self.domain)


@pytest.fixture
def open_hub() -> Iterator[Callable[..., Hub]]:
    with contextlib.ExitStack() as stack:

        def make(*arguments: Policy | KeyStore | None, **options: object) -> Hub:
            hub = Hub(*arguments, **options)  # type: ignore[arg-type]
            stack.callback(hub.close)
            return hub

        yield make


OpenHub = Callable[..., Hub]


def _connect(hub: Hub) -> system.socket:
    """A raw connection, before any handshake."""
    return system.create_connection(("127.0.0.1", hub.port))


def _shake_hands(hub: Hub) -> system.socket:
    """A raw connection after the NULL handshake of ZMTP 3, on which frames can be sent by hand."""
    connection = _connect(hub)
    connection.sendall(b"\xff" + bytes(8) + b"\x7f\x03\x00" + b"NULL".ljust(20, b"\0") + bytes(32))
    ready = b"\x05READY\x0bSocket-Type" + struct.pack(">I", 6) + b"DEALER" + b"\x08Identity" + bytes(4)
    connection.sendall(bytes([4, len(ready)]) + ready)
    connection.setblocking(False)
    answer = b""

    def shaken() -> bool:
        nonlocal answer
        with contextlib.suppress(BlockingIOError):
            answer += connection.recv(4096)
        return b"READY" in answer

    hub.until(shaken)
    connection.setblocking(True)
    return connection


class Flood:
    """Sends the same bytes over a connection for ever, until somebody ends it.

    With a hub to keep pace with it sends once for each turn of that, so that memory does not depend on who is faster.
    """

    def __init__(self, connection: system.socket, first: bytes, forever: bytes, pace: Hub | None = None) -> None:
        self._connection = connection
        self._first, self._forever = first, forever
        self._pace = pace
        self._thread = threading.Thread(target=self._run, name="flood")
        self._thread.start()

    def _run(self) -> None:
        with contextlib.suppress(OSError):
            self._connection.sendall(self._first)
            while True:
                if self._pace is not None:
                    self._pace.turns.acquire()
                self._connection.sendall(self._forever)

    def __enter__(self) -> Flood:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._connection.shutdown(system.SHUT_RDWR)
        if self._pace is not None:
            self._pace.turns.release()
        self._thread.join()
        self._connection.close()


def _more(size: int) -> bytes:
    """A part that is not the last of its message."""
    head = b"\x01" + bytes([size]) if size < 256 else b"\x03" + struct.pack(">Q", size)
    return head + bytes(size)


# floods -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "forever"),
    [
        (b"", _more(MIB)),
        (b"", _more(1000) * 100),
        (b"\x02" + struct.pack(">Q", 250_000_000), bytes(MIB)),
    ],
    ids=["endless parts of a megabyte", "endless parts of a kilobyte", "one announced part of 250 MB"],
)
def test_a_flood_that_makes_no_message_is_cut_off_before_it_fills_memory(
    open_hub: OpenHub, first: bytes, forever: bytes
) -> None:
    hub = open_hub()
    with Flood(_shake_hands(hub), first, forever, pace=hub):
        (cut,) = hub.until_fact("cut")
        hub.until_fact("gone")

    assert "was cut off" in cut.text
    assert hub.messages == []
    assert hub.growth < 64 * MIB
    assert hub.guard.counts.cut == 1


def test_tiny_parts_that_take_more_memory_than_they_have_bytes_are_noticed(open_hub: OpenHub) -> None:
    hub = open_hub()
    with Flood(_shake_hands(hub), b"", _more(0) * 100_000, pace=hub):
        hub.until_fact("cut")
        hub.until_fact("gone")

    assert "unfinished message takes" in hub.texts("cut")
    assert hub.growth < 300 * MIB


def test_a_flood_that_begins_late_is_noticed_as_well(open_hub: OpenHub) -> None:
    hub = open_hub()
    connection = _shake_hands(hub)
    connection.sendall(b"\x00\x02hi")
    hub.until(lambda: hub.messages == [[b"hi"]])
    hub.until(hub.quiet)
    with Flood(connection, b"", _more(MIB), pace=hub):
        hub.until_fact("cut")
        hub.until_fact("gone")

    assert hub.growth < 64 * MIB


def test_others_do_not_notice_a_flood(open_hub: OpenHub) -> None:
    hub = open_hub()
    with dialler(hub.address, probe=False) as friend:
        assert friend.poll(20_000, zmq.POLLOUT)
        with Flood(_shake_hands(hub), b"", _more(MIB)):
            for number in range(200):
                friend.send(b"%d" % number)
            hub.until_fact("cut")
            hub.until(lambda: len(hub.messages) == 200)

        assert hub.messages == [[b"%d" % number] for number in range(200)]
        assert {fact.connection for fact in hub.of("gone")} <= {fact.connection for fact in hub.of("cut")}


def test_a_length_of_eight_gigabytes_ends_the_connection(open_hub: OpenHub) -> None:
    hub = open_hub()
    with _shake_hands(hub) as connection:
        connection.sendall(b"\x02" + struct.pack(">Q", 8 << 30) + bytes(1000))
        hub.until_fact("gone")

    assert hub.messages == []
    assert hub.growth < 16 * MIB


def test_messages_that_arrive_whole_are_never_cut_however_many(open_hub: OpenHub) -> None:
    hub = open_hub(limit_unadmitted=4 * MIB)
    with dialler(hub.address, probe=False) as friend:
        for _ in range(40):
            friend.send_multipart([b"header", bytes(MIB)])
            hub.until(lambda: bool(hub.messages and hub.messages.pop()))

    assert hub.of("cut") == []


def test_one_larger_message_passes_once_its_sender_is_admitted(open_hub: OpenHub) -> None:
    hub = open_hub(limit_unadmitted=MIB)
    with dialler(hub.address) as friend:
        assert friend.poll(20_000, zmq.POLLOUT)
        hub.until(lambda: len(hub.connections) == 1)
        hub.guard.admit(hub.connections[0])
        friend.send(bytes(40 * MIB))
        hub.until(lambda: len(hub.messages) == 2)

    assert hub.of("cut") == []


def test_admission_has_its_limit_too(open_hub: OpenHub) -> None:
    hub = open_hub()
    connection = _shake_hands(hub)
    connection.sendall(b"\x00\x02hi")
    hub.until(lambda: len(hub.connections) == 1)
    hub.guard.admit(hub.connections[0], 8 * MIB)
    with Flood(connection, b"", _more(MIB)):
        hub.until_fact("cut")
        hub.until_fact("gone")


def test_all_together_have_a_limit(open_hub: OpenHub) -> None:
    hub = open_hub(limit_total=8 * MIB)
    with contextlib.ExitStack() as stack:
        for _ in range(3):
            connection = stack.enter_context(_shake_hands(hub))
            connection.sendall(_more(4 * MIB))
        hub.until_fact("cut")
        hub.until(lambda: hub.guard.open_bytes <= 8 * MIB)

    assert "all connections together hold" in hub.texts("cut")
    assert len(hub.of("cut")) < 3


@pytest.mark.parametrize("encrypted", [False, True])
def test_every_byte_is_accounted_for(open_hub: OpenHub, tmp_path: Path, encrypted: bool) -> None:
    store, keys = _invited(tmp_path) if encrypted else (None, None)
    hub = open_hub(store, keys=store.own() if store else None)
    account = Account(MIB, encrypted)
    sizes = [0, 1, 200, 221, 222, 223, 224, 254, 255, 256, 257, 5000, 100_000] * 20
    with dialler(hub.address, keys=keys, probe=False) as friend:
        for size in sizes:
            friend.send_multipart([bytes(size), bytes(size)])
            account.deliver(size, size)
        hub.until(lambda: len(hub.messages) == len(sizes))
        descriptor = hub.guard._by_number[hub.connections[0]].descriptor
        others = descriptors.received(descriptor) - account.delivered

        assert 0 < others < 3000  # the handshake and some heartbeats
        hub.until(lambda: hub.guard.open_bytes < 3000)


@pytest.mark.parametrize("encrypted", [False, True])
def test_who_has_spoken_may_leave_and_nothing_is_said(open_hub: OpenHub, tmp_path: Path, encrypted: bool) -> None:
    store, keys = _invited(tmp_path) if encrypted else (None, None)
    hub = open_hub(store, keys=store.own() if store else None)
    with dialler(hub.address, keys=keys, probe=False) as friend:
        friend.send(b"here")
        hub.until(lambda: hub.messages == [[b"here"]])
    hub.until_fact("gone")
    assert (hub.of("refused"), hub.texts("gone").strip(), hub.guard.counts.troubles) == ([], "", 0)


# strangers --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        b"GET / HTTP/1.1\r\nHost: desk\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(300),
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"\x01\x00\x06\x00hello",
        b"\x01\x00\x06\x00hello" * 1000,
        bytes(range(256)) * 4000,
        b"\xff" + bytes(8) + b"\x7f\x01\x05",
    ],
    ids=["HTTP", "TLS", "SSH", "ZMTP 1.0", "much ZMTP 1.0", "a megabyte of anything", "ZMTP 2.0"],
)
def test_other_protocols_are_no_messages(open_hub: OpenHub, words: bytes) -> None:
    hub = open_hub()
    with _connect(hub) as stranger:
        hub.until(lambda: len(hub.guard) == 1)
        with contextlib.suppress(OSError):
            stranger.sendall(words)
            stranger.shutdown(system.SHUT_WR)
        hub.until_fact("gone")

    assert hub.messages == []
    assert hub.guard.counts.troubles == 1
    assert "127.0.0.1" in hub.texts("gone") + hub.texts("refused")


def test_of_a_crowd_it_hears_little_at_once_and_asks_to_be_driven_again(open_hub: OpenHub) -> None:
    hub, crowd = open_hub(), 3 * EVENTS_AT_ONCE
    with contextlib.ExitStack() as stack:
        for _ in range(crowd):
            stack.enter_context(contextlib.closing(_connect(hub)))
        turns = []
        while hub.guard.counts.accepted < crowd:
            before, now = hub.guard.counts.accepted, time.monotonic()
            hub.guard.drive(now)
            turns.append(hub.guard.counts.accepted - before)
            assert turns[-1] < EVENTS_AT_ONCE or hub.guard.deadline == now
        assert max(turns) <= EVENTS_AT_ONCE
        hub.until(lambda: hub.guard.deadline > time.monotonic())  # all is heard


def test_a_thousand_silent_connections_disturb_nobody_and_are_let_go(open_hub: OpenHub) -> None:
    hub = open_hub()
    with contextlib.ExitStack() as stack:
        for number in range(1000):
            stack.enter_context(_connect(hub))
            if number % 50 == 0:
                hub.until(lambda number=number: hub.guard.counts.accepted >= number)  # type: ignore[misc]
        hub.until(lambda: len(hub.guard) == 1000)
        with dialler(hub.address, probe=False) as friend:
            friend.send(b"here")
            hub.until(lambda: hub.messages == [[b"here"]])
            hub.until(hub.quiet)
            hub.until_fact("gone", 1000)  # the handshake has three seconds
            assert len(hub.guard) == 1

    assert hub.texts("refused").strip().count("\n") == 0
    assert "did not finish shaking hands" in hub.texts("refused")
    assert hub.guard.counts.troubles == 1000


def test_beyond_the_number_of_connections_new_ones_are_turned_away(open_hub: OpenHub) -> None:
    hub = open_hub(max_connections=3)
    with contextlib.ExitStack() as stack:
        friends = [stack.enter_context(_shake_hands(hub)) for _ in range(3)]
        late = stack.enter_context(_connect(hub))
        (cut,) = hub.until_fact("cut")
        assert late.recv(1) in (b"", b"\xff")  # a greeting at most, then the end
        assert "was turned away: 3 connections are enough" in cut.text
        for friend in friends:
            friend.sendall(b"\x00\x02hi")
        hub.until(lambda: len(hub.messages) == 3)


def test_descriptors_are_kept_in_reserve(child: StartChild) -> None:
    code = """
import resource, select, socket, time
import zmq
from framebus.links.admission import admission
from framebus.links.guard import EVENTS_AT_ONCE, Guard
from framebus.links.sockets import bound_to, context, listener
from framebus.links.zap import Loopback
context()
resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))
served = admission()
served.register("d", Loopback())
server = listener("tcp://127.0.0.1:0", domain="d")
guard = Guard(server)
others = [open("/dev/null") for _ in range(100)]
print(bound_to(server).rpartition(":")[2], flush=True)
while guard.counts.cut < 20:
    select.select([guard.fileno(), served.fileno()], [], [], 0.1)
    served.drive()
    guard.drive(time.monotonic())
    with open("/dev/null") as there_is_always_one_left: pass
print("survived", flush=True)
"""
    process = child("-c", code)
    port = int(process.wait_line(r"(\d+)")[1])
    with contextlib.ExitStack() as stack:
        for _ in range(120):
            stack.enter_context(system.create_connection(("127.0.0.1", port)))
        process.wait_line("survived")
    assert process.wait() == 0


# endings ----------------------------------------------------------------------------------------------------------


def test_a_killed_peer_is_gone_at_once(open_hub: OpenHub, child: StartChild) -> None:
    hub = open_hub()
    code = f"""
from framebus.links.sockets import dialler
client = dialler("{hub.address}", probe=False)
client.send(b"alive")
import signal; signal.pause()
"""
    process = child("-c", code)
    hub.until(lambda: hub.messages == [[b"alive"]])
    os.kill(process.pid, signal.SIGKILL)
    (gone,) = hub.until_fact("gone")

    assert gone.connection == hub.connections[0]
    assert gone.text == ""
    assert process.wait() == -signal.SIGKILL


def test_an_endpoint_can_end_a_connection(open_hub: OpenHub) -> None:
    hub = open_hub()
    with dialler(hub.address) as client:
        assert client.poll(20_000, zmq.POLLOUT)
        hub.until(lambda: len(hub.connections) == 1)
        hub.guard.cut(hub.connections[0], "its key was revoked")
        hub.until_fact("gone")

    assert hub.of("cut")[0].text.endswith("was cut off: its key was revoked")


def test_a_descriptor_used_again_for_something_else_is_left_alone(open_hub: OpenHub) -> None:
    hub = open_hub()
    with _shake_hands(hub) as connection:
        connection.sendall(b"\x00\x02hi")
        hub.until(lambda: len(hub.connections) == 1)
    number = int(hub.guard._by_number[hub.connections[0]].descriptor)
    with contextlib.ExitStack() as stack:
        innocent = _socket_with_number(number, stack)

        hub.guard.cut(hub.connections[0])  # the guard has not been told yet that its connection is gone

        one, other = innocent
        one.sendall(b"still here")
        assert other.recv(100) == b"still here"
    hub.until_fact("gone")


def test_a_connection_that_comes_on_an_old_descriptor_is_not_taken_for_the_old_one(open_hub: OpenHub) -> None:
    hub = open_hub()
    first, seen = _shake_hands(hub), set[int]()
    first.sendall(b"\x00\x02hi")
    hub.until(lambda: len(hub.connections) == 1)
    seen.add(hub.guard._by_number[hub.connections[0]].descriptor)
    first.close()

    for _ in range(50):  # until ZeroMQ has closed the first one, others get other descriptors
        with _shake_hands(hub) as again:
            again.sendall(b"\x00\x02hi")
            count = len(hub.connections)
            hub.until(lambda count=count: len(hub.connections) > count)  # type: ignore[misc]
            found = hub.guard._by_number[hub.connections[-1]]
            assert hub.connections.count(hub.connections[-1]) == 1
            assert hub.connections[-1] not in [fact.connection for fact in hub.of("gone")]
            if found.descriptor in seen:
                return
            seen.add(found.descriptor)
    raise AssertionError("no descriptor was used again")


def _socket_with_number(number: int, stack: contextlib.ExitStack) -> tuple[system.socket, system.socket]:
    """A connected pair of which one end has descriptor `number`, as soon as ZeroMQ has closed that."""
    limit = time.monotonic() + PATIENCE_S
    while time.monotonic() < limit:
        pair = system.socketpair()
        stack.enter_context(pair[0])
        stack.enter_context(pair[1])
        if number in (pair[0].fileno(), pair[1].fileno()):
            return pair
    raise AssertionError(f"descriptor {number} was never free")


def test_a_descriptor_that_became_a_file_is_nobody_and_stays_as_it_is(tmp_path: Path) -> None:
    with open(tmp_path / "file", "w+") as file:
        found = descriptors.identify(file.fileno())
        descriptors.shut(file.fileno(), os.fstat(file.fileno()).st_ino)

        assert found == descriptors.Identity(0, "a peer")
        assert descriptors.received(file.fileno()) == -1
        file.write("still open")

    assert descriptors.identify(10**6) == descriptors.Identity(0, "a peer")
    descriptors.shut(10**6, 1)


def test_a_connection_can_be_ended_when_no_descriptor_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    def none_left(_: int) -> int:
        raise OSError(errno.EMFILE, "Too many open files")

    one, other = system.socketpair()
    with one, other:
        monkeypatch.setattr(os, "dup", none_left)
        found = descriptors.identify(one.fileno())
        descriptors.shut(one.fileno(), found.inode + 1)
        other.sendall(b"still there")
        assert one.recv(100) == b"still there"

        descriptors.shut(one.fileno(), found.inode)
        assert other.recv(1) == b""


def test_where_bytes_cannot_be_counted_the_guard_says_so(monkeypatch: pytest.MonkeyPatch, open_hub: OpenHub) -> None:
    monkeypatch.setattr(descriptors, "counts_received", lambda: False)
    hub = open_hub()
    with _shake_hands(hub) as connection:
        connection.sendall(b"\x00\x02hi")
        hub.until(lambda: hub.messages == [[b"hi"]])
    hub.until_fact("gone")

    assert "does not tell how many bytes" in hub.guard.note


def test_guards_leave_nothing_in_a_context_that_ends(child: StartChild) -> None:
    code = """
from framebus.links.guard import EVENTS_AT_ONCE, Guard
from framebus.links.monitor import Watch
from framebus.links.sockets import context, dialler, listener
server = listener("inproc://x")
client = dialler("inproc://x")
watchers = [Guard(server), Watch(client, encrypted=False)]
for watcher in watchers: watcher.close()
server.close(); client.close()
context().term()
print("ended")
"""
    assert child("-W", "error", "-c", code).succeed() == "ended\n"


# what people are told ---------------------------------------------------------------------------------------------


def _invited(tmp_path: Path) -> tuple[KeyStore, ClientKeys]:
    hub = KeyStore(tmp_path / "hub")
    return hub, KeyStore(tmp_path / "pi").join(hub.invite("porch", "tcp://desk:5555")).keys


@pytest.mark.parametrize(
    ("trouble", "hub_says", "client_says", "final"),
    [
        ("unknown key", "", "does not allow our key", True),
        (
            "no key",
            "may have no key, or an old one (`framebus keys invite NAME` here",
            "lets nobody in without a key",
            True,
        ),
        ("wrong server key", "may have no key, or an old one", "does not have the key it had", False),
        ("key at a plain port", "this port listens without keys", "is not encrypted, but this machine has a key", True),
        ("not allowed", "", "lets nobody in without a key", True),
    ],
)
def test_both_sides_are_told_what_is_wrong(
    open_hub: OpenHub, tmp_path: Path, trouble: str, hub_says: str, client_says: str, final: bool
) -> None:
    store, keys = _invited(tmp_path)
    _, foreign = _invited(tmp_path / "elsewhere")
    own = store.own()
    assert own is not None
    encrypted = trouble in ("unknown key", "no key", "wrong server key")
    hub = open_hub(store, keys=own) if encrypted else open_hub(Nobody("closed") if trouble == "not allowed" else None)
    shown = {
        "unknown key": ClientKeys(own.public, foreign.client_public, foreign.client_secret),
        "wrong server key": ClientKeys(foreign.server_public, keys.client_public, keys.client_secret),
        "key at a plain port": keys,
    }.get(trouble)

    with _watched(hub.address, shown) as facts_of_client:
        hub.until(lambda: any(fact.kind == "refused" for fact in facts_of_client()))
        hub.until_fact("refused")

    refusal = next(fact for fact in facts_of_client() if fact.kind == "refused")
    assert client_says in refusal.text
    assert refusal.final is final
    assert hub_says in hub.texts("refused")
    assert bool(hub.texts("refused")) is bool(hub_says)


@contextlib.contextmanager
def _watched(address: str, keys: ClientKeys | None) -> Iterator[Callable[[], list[Fact]]]:
    """A dialler that is watched from before it connects."""
    seen: list[Fact] = []
    with dialler([], keys=keys) as client, contextlib.closing(Watch(client, encrypted=keys is not None)) as watch:
        client.connect(address)

        def facts() -> list[Fact]:
            if not client.closed:
                client.get(zmq.EVENTS)  # as whoever drives it does: the probe leaves now
                seen.extend(watch.drive(time.monotonic()))
            return seen

        yield facts


def test_a_watch_tells_when_a_connection_stands_and_when_it_ends(open_hub: OpenHub) -> None:
    hub = open_hub()
    with _watched(hub.address, None) as facts:
        hub.until(lambda: [fact.kind for fact in facts()] == ["ready"] and len(hub.connections) == 1)
        hub.guard.cut(hub.connections[0])
        hub.until(lambda: "gone" in [fact.kind for fact in facts()])
        hub.until(lambda: [fact.kind for fact in facts()][-1] == "ready")  # it dials again by itself


def test_a_thing_is_said_once_a_minute_and_counted_in_between() -> None:
    reminder = Reminder()
    said = [reminder.say("cut", "10.0.0.7", "x was cut off", at) for at in (0, 1, 59, 60, 61, 200)]

    assert said == ["x was cut off", "", "", "x was cut off (2 more like it)", "", "x was cut off (1 more like it)"]
    assert reminder.say("cut", "10.0.0.8", "another", 201) == "another"


def test_any_number_of_addresses_cannot_make_it_talk_or_remember_without_end() -> None:
    reminder = Reminder()
    said = [reminder.say("cut", str(n), "x", now=1.0) for n in range(10_000)]

    assert sum(map(bool, said)) < 100
    assert len(reminder) <= 100
    assert reminder.say("cut", "later", "x", now=1.0 + REMIND_S)


# the account, without any I/O -------------------------------------------------------------------------------------


@given(
    st.lists(
        st.tuples(st.integers(0, 10**9), st.lists(st.integers(0, 10**6), max_size=3), st.floats(0.0001, 10)),
        max_size=30,
    ),
    st.booleans(),
    st.booleans(),
)
def test_an_account_never_owes_bytes_and_always_knows_when_to_look(
    steps: list[tuple[int, list[int], float]], encrypted: bool, admitted: bool
) -> None:
    account = Account(32 * MIB, encrypted, admitted)
    now, received = 0.0, 0
    for growth, sizes, elapsed in steps:
        now, received = now + elapsed, received + growth
        account.deliver(*sizes)
        grown = account.look(received, now)
        interval = account.next_look(grown, elapsed, crowd=10) - now

        assert grown == growth
        assert 0 <= account.open <= account.received == received
        assert account.delivered <= received
        least, most = (ADMITTED_S, 2 * ADMITTED_S) if admitted else (SOON_S, UNADMITTED_S)
        if not grown and not admitted:
            least, most = SILENT_S, 2 * SILENT_S
        assert least * 0.99 <= interval <= most * 1.01


def test_a_fast_stranger_is_looked_at_often_enough_to_stay_near_its_limit() -> None:
    account = Account(24 * MIB)
    rate, now, elapsed = 3e9, 0.0, math.inf
    grown = account.look(1, now)
    while account.open <= account.limit:
        due = account.next_look(grown, elapsed, crowd=1)
        now, elapsed = due, due - now
        grown = account.look(account.received + int(rate * elapsed), now)

    assert account.open < account.limit + 12 * MIB


def test_however_many_are_looked_at_looking_takes_a_bounded_share_of_time() -> None:
    for admitted, cost in ((False, 50e-6), (True, 500e-6)):
        account = Account(24 * MIB, admitted=admitted)
        account.look(1, now=0.0)

        assert account.next_look(1, 0.002, crowd=4000) / 4000 >= cost


def test_heartbeats_are_forgiven_for_years() -> None:
    account = Account(24 * MIB)
    day = 86_400
    for today in range(3 * 365):
        account.look(today * day * 16, today * day)

    assert account.open < 1000


def test_memory_that_grows_beyond_what_peers_sent_is_suspicious_only_while_a_backlog_stands() -> None:
    account = Account(24 * MIB)
    account.look(MIB, 0.0)

    assert account.suspicious(resident=0, all_received=MIB) == 0
    assert account.suspicious(resident=200 * MIB, all_received=3 * MIB) == 196 * MIB
    account.deliver(2 * MIB)
    account.look(2 * MIB, 1.0)
    assert account.suspicious(resident=900 * MIB, all_received=4 * MIB) == 0
