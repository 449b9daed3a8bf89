"""Real processes that share memory: they are killed, they fork, and no picture is ever torn."""

from __future__ import annotations

import random
import socket as system
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from framebus.links.connection import Gone, Parcel
from framebus.links.local import LocalConnection
from framebus.memory.pool import pool, supported
from framebus.testing.children import PATIENCE_S
from tests.conftest import StartChild
from tests.links.ends import Image, end_of, image_of, parcel, picture, received, shared_picture

pytestmark = pytest.mark.skipif(not supported(), reason="memory files are Linux's")


@pytest.fixture(autouse=True)
def _trimmed(runtime_dir: Path) -> Iterator[None]:
    pool().trim()
    yield
    pool().trim()


READER = """
import random, select, sys, zlib
import numpy as np
from framebus.links.connection import Gone, Parcel
from framebus.links.local import LocalConnection
from framebus.links.rendezvous import dial_local

link = LocalConnection(dial_local(sys.argv[1]))
link.admit()

def messages():
    while True:
        select.select([link], [], [])
        yield from link.receive()
"""

CHECKING = (
    READER
    + """
chance = random.Random(int(sys.argv[2]))
kept, count = [], 0
link.send(b"more")
try:
    for head, payload in messages():
        image = np.frombuffer(payload, np.uint8)
        kept.append((int(bytes(head)), image[chance.randrange(2):] if chance.random() < 0.2 else image, image.size))
        count += 1
        if chance.random() < 0.4:
            chance.shuffle(kept)
            del kept[chance.randrange(10):]
        for crc, image, size in kept:
            if image.size == size:
                assert zlib.crc32(image) == crc, "torn"
        link.send(b"more")
except Gone as gone:
    assert not str(gone), str(gone)
for crc, image, size in kept:
    assert image.size != size or zlib.crc32(image) == crc, "torn at the end"
print("checked", count, flush=True)
"""
)

HOLDING = (
    READER
    + """
kept = []
for parts in messages():
    kept.append(parts)
    print("holding", len(kept), flush=True)
"""
)

PUBLISHING = (
    READER
    + """
for mark in range(5):
    link.send(Parcel(b"%d" % mark, np.full(100_000, mark, np.uint8).data))
print("sent", flush=True)
for _ in messages():
    pass
"""
)


@pytest.fixture
def door(runtime_dir: Path) -> Iterator[system.socket]:
    with system.socket(system.AF_UNIX, system.SOCK_SEQPACKET) as door:
        door.bind(str(runtime_dir / "door"))
        door.listen()
        door.settimeout(PATIENCE_S)
        yield door
    (runtime_dir / "door").unlink()


def entered(door: system.socket) -> LocalConnection:
    connection = LocalConnection(door.accept()[0])
    connection.admit()
    return connection


def path_of(door: system.socket) -> str:
    return str(door.getsockname())


def test_a_killed_reader_leaves_nothing_behind(door: system.socket, child: StartChild) -> None:
    reader = child("-c", HOLDING, path_of(door))
    link = entered(door)
    for mark in range(5):
        link.send(parcel(shared_picture(mark)))
    reader.wait_line("holding 5")
    assert pool().stats().leases == 5
    reader.kill()
    assert end_of(link) == ""
    link.close()
    assert pool().stats().leases == 0
    pool().trim()
    assert pool().stats().slots == 0


def test_frames_of_a_killed_publisher_stay_as_they_were(door: system.socket, child: StartChild) -> None:
    publisher = child("-c", PUBLISHING, path_of(door))
    link = entered(door)
    frames = received(link, 5)
    publisher.wait_line("sent")
    publisher.kill()
    assert end_of(link) == ""
    link.close()
    assert [set(image_of(frame).tolist()) for frame in frames] == [{mark} for mark in range(5)]
    frames.clear()
    with open("/proc/self/maps") as maps:
        assert not any("/memfd:framebus" in line for line in maps)


@pytest.mark.parametrize("seed", range(2))
def test_no_picture_is_torn_whatever_readers_keep_and_when_they_are_killed(
    door: system.socket, child: StartChild, seed: int
) -> None:
    chance = random.Random(seed)
    steady = child("-c", CHECKING, path_of(door), "1")
    links = [entered(door)]
    victims = 0
    for number in range(600):
        if len(links) < 2 and number < 500:
            victim = child("-c", CHECKING, path_of(door), str(number))
            links.append(entered(door))
            victims += 1
        image, crc = _checked(chance)
        message = parcel(image, b"%d" % crc)
        for link in list(links):
            if not _ask_and_send(link, message):
                links.remove(link)
        if len(links) == 2 and chance.random() < 0.01:
            victim.kill()
    for link in links:
        link.close()
    assert "checked 600" in steady.succeed()
    assert victims > 1
    pool().trim()


def _checked(chance: random.Random) -> tuple[Image, int]:
    """A random picture, in place or not, and its checksum."""
    size = chance.choice([20_000, 100_000, 110_000, 300_000])
    place = chance.choice([picture, shared_picture])
    image = place(0, size)
    image[:] = np.frombuffer(chance.randbytes(1000) * (size // 1000), np.uint8)
    return image, zlib.crc32(image.data)


def _ask_and_send(link: LocalConnection, message: Parcel) -> bool:
    """Send once the reader asked for it; False when it is gone."""
    try:
        received(link)
        link.send(message)
    except Gone:
        link.close()
        return False
    return True


FORK = """
import os, select, socket, warnings
import numpy as np
from framebus.links.connection import Gone, Parcel
from framebus.links.local import LocalConnection
from framebus.memory.pool import pool
warnings.simplefilter("ignore")
sender, reader = (LocalConnection(end) for end in socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET))
views = []
for mark in range(6):
    sender.send(Parcel(b"h", np.full(100_000, mark, np.uint8).data))
    views += reader.receive()
child = os.fork()
if child == 0:
    assert sender.fileno() == reader.fileno() == -1
    for method in (lambda: sender.send(b"x"), reader.receive, sender.flush):
        try: method()
        except Gone as gone: assert "forked" in str(gone)
        else: raise AssertionError
    views.clear()
    sender.close(); reader.close()
    os._exit(0)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
assert select.select([sender], [], [], 0)[0] == []
assert pool().stats().leases == 6
views.clear()
sender.receive(); reader.flush(); sender.receive()
assert pool().stats().leases == 0
sender.send(b"still here")
assert bytes(reader.receive()[0][0]) == b"still here"
print("fine")
"""


def test_a_forked_child_is_told_and_takes_nothing_from_its_parent(child: StartChild) -> None:
    assert child("-c", FORK).succeed() == "fine\n"


NO_DESCRIPTORS = """
import os, resource, socket
import numpy as np
from framebus.links.connection import Gone, Parcel
from framebus.links.local import LocalConnection
sender, reader = (LocalConnection(end) for end in socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET))
sender.send(Parcel(b"in place", np.full(100_000, 1, np.uint8).data))
soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
def limit(number): resource.setrlimit(resource.RLIMIT_NOFILE, (number, hard))
limit(3)
try:
    reader.receive()
except Gone as gone:
    print("reader:", gone)
limit(soft)
a, b = (LocalConnection(end) for end in socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET))
limit(3)
a.send(Parcel(b"in pieces", np.full(1_000_000, 2, np.uint8).data))
messages = []
while not messages:
    messages += b.receive()
    a.flush()
print("came:", bytes(messages[0][0]), set(bytes(messages[0][1])))
"""


def test_without_descriptors_senders_do_without_and_readers_say_what_is_missing(child: StartChild) -> None:
    lines = child("-c", NO_DESCRIPTORS).succeed().splitlines()
    assert lines[0].startswith("reader: shows memory, and this process has no file descriptor left for it")
    assert lines[1] == "came: b'in pieces' {2}"
