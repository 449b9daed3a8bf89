"""Without memory, without descriptors, with a full /dev/shm, with rubbish on the socket: said, and survived."""

from __future__ import annotations

import random
import socket as system
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import framebus as fb
from framebus.links import datagrams, shared
from framebus.memory.pool import pool, supported
from framebus.testing.links import WAIT_S, Reading, numbers
from framebus.testing.marked import mark, number_of
from tests.conftest import StartChild

pytestmark = pytest.mark.skipif(not supported(), reason="memory files are Linux's")

LINK = "shm://scarce"
SHAPE = (400, 500)

BOTH = """
import os, resource, sys, threading, numpy as np, framebus as fb
from framebus.testing.links import Reading
from framebus.testing.marked import mark, number_of

out = fb.publish("shm://scarce")
reading = Reading(fb.open("shm://scarce", keep="all", timeout=20))
while not out.stats().readers:
    pass

def send(number, shape=(400, 500)):
    image = np.empty(shape, np.uint8)
    mark(image, number)
    out.send(image)

def fill(number, shape=(400, 500)):
    with out.fill(shape) as image:
        mark(image, number)
    return image

def end(count):
    out.close()
    frames = reading.result()
    assert [number_of(frame.data) for frame in frames] == list(range(count)), len(frames)
    print("all came", flush=True)
"""
"""A publisher and its reader in one process that is short of something."""


@pytest.fixture(autouse=True)
def _trimmed(runtime_dir: Path) -> Iterator[None]:
    pool().trim()
    yield
    pool().trim()


# memory ---------------------------------------------------------------------------------------------------------


def test_without_memory_filling_in_place_says_what_to_do_and_sending_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    with fb.publish(LINK, wait_for=1) as out:
        reading = Reading(fb.open(LINK, keep="all", timeout=WAIT_S))
        pool().trim()
        monkeypatch.setattr(pool(), "_available", lambda: 0)
        for number in range(5):
            with pytest.raises(fb.errors.Unavailable, match=r"hold fewer frames, send smaller ones, or give"):
                _fill(out, number)
            _send(out, number)
        monkeypatch.undo()
        _fill(out, 5)
    assert [number_of(frame.data) for frame in reading.result()] == list(range(6))


LITTLE_SPACE = """
with open("/proc/self/statm") as file:
    space = int(file.read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (space + (40 << 20), -1))
held, count = [], 0
try:
    while count < 1000:
        held.append(fill(count))
        count += 1
except fb.errors.Unavailable as error:
    print(error, flush=True)
held.clear()
resource.setrlimit(resource.RLIMIT_AS, (-1, -1))
fill(count)
end(count + 1)
"""


def test_a_process_that_may_not_map_more_is_told_and_goes_on(child: StartChild) -> None:
    printed = child("-c", BOTH + LITTLE_SPACE).succeed()
    assert "hold fewer frames, send smaller ones, or give this process more memory" in printed
    assert "all came" in printed


GROUPED = """
held, count = [], 0
try:
    while count < 1000:
        held.append(fill(count, (2000, 1000)))
        count += 1
except fb.errors.Unavailable as error:
    print(error, flush=True)
held.clear()
fill(count, (2000, 1000))
out.close()
"""


def test_a_container_with_little_memory_kills_nobody(child: StartChild, little_memory: Path) -> None:
    enter = f"import os; open({str(little_memory / 'cgroup.procs')!r}, 'w').write(str(os.getpid()))\n"
    printed = child("-c", enter + BOTH.replace('keep="all"', 'keep="latest"') + GROUPED).succeed()
    assert "give this machine or container more memory" in printed


@pytest.fixture
def little_memory(runtime_dir: Path) -> Iterator[Path]:
    """A control group of 200 MB."""
    name = f"framebus-test-{uuid.uuid4().hex}"
    for folder, limit in (("/sys/fs/cgroup/memory", "memory.limit_in_bytes"), ("/sys/fs/cgroup", "memory.max")):
        group = Path(folder) / name
        try:
            group.mkdir()
            (group / limit).write_text(str(200 << 20))
        except OSError:
            if group.is_dir():
                group.rmdir()
            continue
        yield group
        group.rmdir()
        return
    pytest.skip("control groups cannot be made here")


SMALL_SHM = """
import os, subprocess
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", "/dev/shm"], check=True)
with open("/dev/shm/full", "wb", buffering=0) as file:
    try:
        while file.write(bytes(4096)):
            pass
    except OSError as error:
        print(error, flush=True)
"""


def test_a_full_dev_shm_does_not_matter(child: StartChild) -> None:
    unshare = ["unshare", "--mount", "--map-root-user"]
    if subprocess.run([*unshare, "true"], capture_output=True, check=False).returncode:
        pytest.skip("a /dev/shm of its own cannot be made here")
    script = f"import os, sys; os.execvp('unshare', {[*unshare]!r} + [sys.executable, '-c', sys.argv[1]])"
    code = SMALL_SHM + BOTH + "for number in range(20): fill(number, (2000, 1000))\nend(20)"
    printed = child("-c", script, code).succeed()
    assert "No space left on device" in printed
    assert "all came" in printed


# descriptors ----------------------------------------------------------------------------------------------------

FEW_DESCRIPTORS = """
soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
held, count = [], 0
resource.setrlimit(resource.RLIMIT_NOFILE, (len(os.listdir("/proc/self/fd")) + 20, hard))
while count < 200:
    held.append(fill(count))
    count += 1
for _ in range(10):
    send(count)
    count += 1
held.clear()
resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
fill(count)
end(count + 1)
"""


def test_a_publisher_with_few_descriptors_goes_on(child: StartChild) -> None:
    assert "all came" in child("-c", BOTH + FEW_DESCRIPTORS).succeed()


MANY_PICTURES = """
soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (len(os.listdir("/proc/self/fd")) + 400, hard))
held, sizes = [], iter(range(1, 1000))
for _ in range(300):
    held.append(fill(0, (400, 400 + next(sizes))))
print("many", flush=True)
while sum(not reader.away for reader in out.stats().readers) < 2:
    pass
send(1)
out.close()
"""


def test_pictures_leave_descriptors_to_newcomers(child: StartChild) -> None:
    publisher = child("-c", BOTH + MANY_PICTURES)
    publisher.wait_line("many")
    reading = Reading(fb.open(LINK, keep="latest", timeout=WAIT_S))
    assert number_of(reading.result()[-1].data) == 1
    publisher.succeed()


READER_WITHOUT = """
import logging, os, resource, sys, framebus as fb
from framebus.testing.marked import number_of
told = []
logging.getLogger("framebus").addHandler(logging.StreamHandler())
logging.getLogger("framebus").addFilter(lambda record: told.append(record) or True)
with fb.open("shm://scarce", keep="latest", timeout=20) as frames:
    frames.read()
    resource.setrlimit(resource.RLIMIT_NOFILE, (200, 200))
    files = []
    try:
        while True:
            files.append(os.dup(0))
    except OSError:
        print("none left", flush=True)
    while not told:
        try:
            frames.read(timeout=0.1)
        except fb.Timeout:
            pass
    for file in files:
        os.close(file)
    for _ in range(3):
        frame = frames.read()
        assert number_of(frame.data) == frame.seq
print("went on", flush=True)
"""


def test_a_reader_without_descriptors_is_told_and_goes_on_when_it_has_some(child: StartChild) -> None:
    reader = child("-c", READER_WITHOUT)
    number = 0
    with fb.publish(LINK, wait_for=1) as out:
        _send(out, number)
        reader.wait_line("none left")
        while "went on" not in reader.stdout:
            number += 1
            _fill(out, number, (400, 500 + 8 * (number % 100)))  # ever new sizes, which it has to be shown
    reader.succeed()
    assert "no file descriptor left" in reader.stderr


# rubbish --------------------------------------------------------------------------------------------------------


def test_rubbish_on_the_socket_is_cut_off_and_disturbs_nobody() -> None:
    chance = random.Random(7)
    with fb.publish(LINK, wait_for=1) as out:
        reading = Reading(fb.open(LINK, keep="all", timeout=WAIT_S))
        _send(out, 0)
        path, _ = shared.find("scarce")
        strangers = [_stranger(path, datagram) for datagram in _rubbish(chance)]
        silent = [_stranger(path, b"") for _ in range(500)]
        for number in range(1, 30):
            _send(out, number)
        for stranger in strangers:
            assert _ended(stranger)
        for stranger in silent:
            stranger.close()
        _send(out, 30)
    frames = reading.result()
    assert numbers(frames) == list(range(31))
    assert [number_of(frame.data) for frame in frames] == list(range(31))


def _rubbish(chance: random.Random) -> list[bytes]:
    """Datagrams that no framebus sends."""
    huge = (2**63).to_bytes(8, "little")
    kinds = [bytes((kind, 0)) for kind in range(256)]
    shapes = [b"", b"\0", huge, huge * 4, b"\xff" * 100]
    known = [kind + body for kind in kinds[:16] for body in shapes if kind[0] not in _HARMLESS]
    unknown = [kind + chance.randbytes(20) for kind in kinds[16::16]]
    tokens = [bytes((datagrams.NOTHING, count)) for count in (1, 200, 255)]
    return [*known, *unknown, *tokens, b"\x05", chance.randbytes(datagrams.MAX_DATAGRAM)]


_HARMLESS = (datagrams.NOTHING, datagrams.CONTROL, datagrams.FORGET)


def _stranger(path: str, datagram: bytes) -> system.socket:
    stranger = system.socket(system.AF_UNIX, system.SOCK_SEQPACKET)
    stranger.settimeout(WAIT_S)
    stranger.connect(path)
    if datagram:
        stranger.send(datagram)
    return stranger


def _ended(stranger: system.socket) -> bool:
    """It was cut off, or answered that what it says makes no sense."""
    with stranger:
        try:
            return stranger.recv(1 << 16) == b"" or True
        except ConnectionResetError:
            return True


def _send(out: fb.Publisher, number: int) -> None:
    image = np.empty(SHAPE, np.uint8)
    mark(image, number)
    out.send(image)


def _fill(out: fb.Publisher, number: int, shape: tuple[int, ...] = SHAPE) -> None:
    with out.fill(shape) as image:
        mark(image, number)
