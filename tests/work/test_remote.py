"""Objects in other processes, which are killed, stopped and started again under those who call them."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from framebus.core.errors import AddressError, Closed, OptionError, RemoteError, Timeout, Unavailable
from framebus.links.keys import KeyStore, Rights
from framebus.testing.children import Child
from framebus.work.objects.proxy import Remote
from framebus.work.remote import remote
from tests.conftest import StartChild

ROOT = Path(__file__).parents[2]
SERVE = """
import sys; from framebus.work.serve import serving
with serving('tests.work.devices:' + sys.argv[2], sys.argv[1]) as device:
    print('serving', flush=True)
    device.run()
print('ended', flush=True)
"""


@pytest.fixture(params=["tcp", "ipc", "shm"])
def address(request: pytest.FixtureRequest, free_port: int, runtime_dir: Path) -> str:
    return {"tcp": f"tcp://127.0.0.1:{free_port}", "ipc": f"ipc://{runtime_dir}/s", "shm": "shm://cam"}[request.param]


@pytest.fixture
def here(free_port: int) -> str:
    return f"tcp://127.0.0.1:{free_port}"


def start(child: StartChild, address: str, what: str = "Camera") -> Child:
    process = child("-c", SERVE, address, what, cwd=ROOT)
    process.wait_line("serving")
    return process


def until_it_waits(go: Path) -> None:
    sign = go.with_name(f"{go.name}.waits")
    while not (sign.exists() and sign.read_text()):
        pass


@contextmanager
def waiting(cam: Remote, go: Path) -> Iterator[list[Any]]:
    """A call under way in a thread; what came of it, afterwards."""
    outcome: list[Any] = []

    def wait() -> None:
        try:
            outcome.append(cam.wait_for(str(go)))
        except Exception as error:
            outcome.append(error)

    thread = threading.Thread(target=wait)
    thread.start()
    until_it_waits(go)
    yield outcome
    thread.join()


def test_it_is_called_where_it_is(child: StartChild, address: str) -> None:
    process = start(child, address)
    with remote(address) as cam:
        assert cam.pid() == process.pid
        assert cam.read().image.shape == (480, 640, 3)


def test_calls_wait_for_whoever_serves_it_and_say_so(
    child: StartChild, address: str, caplog: pytest.LogCaptureFixture
) -> None:
    started: list[Child] = []
    with remote(address, timeout=60) as cam:
        later = threading.Timer(1.2, lambda: started.append(start(child, address)))
        later.start()
        pid = cam.pid()
        later.join()
        assert pid == started[0].pid
    assert f"waiting: nobody serves {address}" in caplog.text


def test_nobody_there_is_a_timeout_that_names_the_address(address: str) -> None:
    with remote(address, timeout="50ms") as cam:
        with pytest.raises(Timeout, match=f"nobody serves {address}.*: nobody came within 0.05 s"):
            cam.read()
        with pytest.raises(Timeout, match=address):
            cam.gain = 3


def test_a_name_that_was_not_there_fails_at_once_while_nobody_is(child: StartChild, here: str) -> None:
    process = start(child, here)
    with remote(here, timeout="50ms") as cam:
        assert cam.gain == 1
        process.kill()
        with pytest.raises(Timeout, match="gain was not executed"):
            _ = cam.gain
        with pytest.raises(RemoteError, match="did you mean gain"):
            _ = cam.gian


def test_a_remote_goes_on_with_the_next_one(child: StartChild, address: str) -> None:
    process = start(child, address)
    with remote(address, timeout=60) as cam:
        for _ in range(3):
            cam.gain = 4
            assert cam.pid() == process.pid
            process.kill()
            process = start(child, address)
            assert cam.gain == 1
            assert cam.pid() == process.pid


def test_calls_made_while_it_was_away_are_executed_once_in_their_order(child: StartChild, here: str) -> None:
    process = start(child, here)

    async def use() -> list[str]:
        async with remote(here, timeout=60) as cam:
            await cam.note("before")
            await asyncio.to_thread(process.kill)
            calls = [asyncio.ensure_future(cam.note(str(number))._answer()) for number in range(5)]
            await asyncio.to_thread(start, child, here)
            await asyncio.gather(*calls)
            found: list[str] = await cam.calls
            return found

    assert asyncio.run(use()) == ["0", "1", "2", "3", "4"]


def test_a_call_under_way_when_it_is_killed_is_told_and_not_executed_again(
    child: StartChild, address: str, tmp_path: Path
) -> None:
    process = start(child, address)
    go = tmp_path / "go"
    with remote(address, timeout=60) as cam:
        with waiting(cam, go) as outcome:
            process.kill()
            start(child, address)
        assert isinstance(outcome[0], RemoteError)
        assert str(outcome[0]) == (
            f"{address}: Camera.wait_for() was under way when the one that was asked ended; "
            "it may or may not have been executed"
        )
        assert (tmp_path / "go.waits").read_text() == "x"
        assert cam.calls == []


def test_a_call_under_way_when_it_is_killed_is_a_timeout_where_nobody_follows(
    child: StartChild, here: str, tmp_path: Path
) -> None:
    process = start(child, here)
    with remote(here, timeout="1s") as cam:
        with waiting(cam, tmp_path / "go") as outcome:
            process.kill()
        assert isinstance(outcome[0], Timeout)
        assert "Camera.wait_for() may or may not have been executed" in str(outcome[0])


def test_a_stream_breaks_off_with_the_one_that_gave_it(child: StartChild, here: str) -> None:
    process = start(child, here)
    with remote(here, timeout=60) as cam:
        frames = cam.frames(100)
        next(frames)
        process.kill()
        start(child, here)
        with pytest.raises(RemoteError, match=r"Camera\.frames\(\) was under way when the one that was asked ended"):
            next(frames)


def test_a_stream_is_a_timeout_where_nobody_follows(child: StartChild, here: str) -> None:
    process = start(child, here)
    with remote(here, timeout="100ms") as cam:
        frames = cam.frames(100)
        next(frames)
        process.kill()
        with pytest.raises(Timeout, match=f"nobody serves {here}"):
            next(frames)


def test_events_go_on_after_a_restart(child: StartChild, address: str) -> None:
    process = start(child, address)
    with remote(address, timeout=60) as cam, cam.events() as events:
        cam.tell("one")
        assert next(events) == "one"
        process.kill()
        start(child, address)
        cam.tell("two")
        assert next(events) == "two"


def test_who_is_stopped_finishes_the_call_under_way(child: StartChild, here: str, tmp_path: Path) -> None:
    process = start(child, here)
    go = tmp_path / "go"
    with remote(here, timeout=60) as cam:
        with waiting(cam, go) as outcome, remote(here, timeout=60) as other:
            stops = threading.Thread(target=lambda: other.stop())
            stops.start()
            go.touch()
            stops.join()
        assert outcome == ["there"]
    assert process.wait() == 0
    assert "ended" in process.stdout


def test_closing_a_remote_frees_whoever_waits(child: StartChild, here: str, tmp_path: Path) -> None:
    start(child, here)
    with remote(here, timeout=None) as cam:
        with waiting(cam, tmp_path / "go") as outcome:
            cam.close()
        assert isinstance(outcome[0], Closed)


# a link that breaks -------------------------------------------------------------------------------------------------


class Cable:
    """Passes bytes on between a port and another one, until it is cut; then again."""

    def __init__(self, port: int, to: int) -> None:
        self._to = to
        self._door = socket.create_server(("127.0.0.1", port))
        self._ends: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                one, _ = self._door.accept()
                other = socket.create_connection(("127.0.0.1", self._to))
                self._ends += [one, other]
                for source, sink in ((one, other), (other, one)):
                    self._threads.append(threading.Thread(target=self._pass, args=(source, sink)))
                    self._threads[-1].start()

    def _pass(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)

    def cut(self) -> None:
        for end in self._ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        self._ends.clear()

    def close(self) -> None:
        self._door.shutdown(socket.SHUT_RDWR)
        self._door.close()
        self.cut()
        for thread in self._threads:
            thread.join()


def test_a_cable_that_is_pulled_costs_no_call_and_executes_none_twice(
    child: StartChild, free_ports: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("framebus.links.moving.Move.nearer", lambda *anything: None)  # into shared memory
    port, outside = free_ports(), free_ports()
    start(child, f"tcp://127.0.0.1:{port}")
    cable = Cable(outside, port)
    go = tmp_path / "go"
    try:
        with remote(f"tcp://127.0.0.1:{outside}", timeout=60) as cam:
            with waiting(cam, go) as outcome:
                cable.cut()
                go.touch()
            assert outcome == ["there"]
            assert cam.calls == ["waited"]
    finally:
        cable.close()


# keys ---------------------------------------------------------------------------------------------------------------


def test_over_the_network_a_key_needs_the_right_to_control_it(
    child: StartChild, free_port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = f"tcp://127.0.0.1:{free_port}"
    rights = {"watcher": None, "driver": Rights(publish=("ask-*",), control=("Camera",))}
    codes = {name: KeyStore().invite(name, where, *([right] if right else [])) for name, right in rights.items()}
    start(child, f"tcp://:{free_port}")
    for name in rights:
        KeyStore(tmp_path / name).join(codes[name])
    monkeypatch.setenv("FRAMEBUS_KEYS", str(tmp_path / "driver"))
    with remote(where, timeout=60) as cam:
        assert cam.gain == 1
    monkeypatch.setenv("FRAMEBUS_KEYS", str(tmp_path / "watcher"))
    with remote(where, timeout=60) as cam, pytest.raises(Unavailable, match="this key may not control Camera"):
        _ = cam.gain


# the rest -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("where", "timeout", "error", "says"),
    [
        ("camera.png", 5, AddressError, "no place for a service"),
        ("shm://", 5, AddressError, "a name of its own"),
        ("tcp://lab:6000/cam", 5, AddressError, "leave out 'cam'"),
        ("shm://cam", "soon", OptionError, "soon"),
        ("shm://cam", -1, OptionError, "-1"),
    ],
)
def test_what_is_no_address_or_time_is_refused_at_once(where: str, timeout: Any, error: Any, says: str) -> None:
    with pytest.raises(error, match=says):
        remote(where, timeout=timeout)


def test_a_forked_child_is_told_that_the_remote_is_its_parents(child: StartChild, here: str) -> None:
    start(child, here)
    code = (
        "import os, sys\nfrom framebus.work.remote import remote\n"
        "with remote(sys.argv[1]) as cam:\n"
        "    cam.gain\n"
        "    if (pid := os.fork()) == 0:\n"
        "        try: cam.gain\n"
        "        except Exception as error: print(type(error).__name__, error, flush=True)\n"
        "        os._exit(0)\n"
        "    os.waitpid(pid, 0); print(cam.gain)\n"
    )
    said = child("-c", code, here, cwd=ROOT).succeed()
    assert said.startswith("Closed ")
    assert said.endswith("1\n")
    assert os.getpid()
