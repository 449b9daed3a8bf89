"""The directory: which endpoints of this user run here, whatever became of their processes."""

from __future__ import annotations

import json
import os
import stat
import tempfile
import threading
from pathlib import Path

import pytest

from framebus.core.errors import Unavailable
from framebus.links import directory, locks
from framebus.links.directory import entries, port_of, register, runtime_folder
from tests.conftest import StartChild

REGISTER = """
import sys
from framebus.links.directory import register
entry = register("publisher", "tcp://localhost:5555/door", streams=["door"])
print("registered", flush=True)
sys.stdin.read()
"""
WAIT = "import signal; signal.pause()"


def test_an_endpoint_is_listed_until_it_is_closed() -> None:
    with register("publisher", "tcp://localhost:5555/door", streams=["door"]) as entry:
        (record,) = entries()
        assert record == entry.record
        assert (record.kind, record.address, record.streams) == ("publisher", "tcp://localhost:5555/door", ("door",))
        assert record.pid == os.getpid()
        assert record.command
        assert record.since > 0

    assert entries() == []


def test_streams_may_change_while_others_look() -> None:
    with register("reader", "ipc:///x", listens=False) as entry:
        entry.update(streams=["a", "b"])
        (record,) = entries()
        entry.update(address="tcp://u:secret@desk:5555")

        assert record.streams == ("a", "b")
        assert record.listens is False
        assert entries()[0].address == "tcp://***@desk:5555"


def test_several_endpoints_of_one_process_are_several(runtime_dir: Path) -> None:
    with register("publisher", "ipc:///a"), register("reader", "ipc:///b"):
        assert sorted(record.address for record in entries()) == ["ipc:///a", "ipc:///b"]
    assert list((runtime_dir / "framebus").iterdir()) == []


def test_closing_twice_and_changing_afterwards_do_nothing() -> None:
    entry = register("publisher", "ipc:///a")
    entry.close()
    entry.close()
    entry.update(streams=["late"])

    assert entries() == []


def test_a_killed_process_is_listed_no_more_and_its_file_is_removed(child: StartChild, runtime_dir: Path) -> None:
    process = child("-c", REGISTER.replace("sys.stdin.read()", WAIT))
    process.wait_line("registered")
    (record,) = entries()
    assert record.pid == process.pid

    process.kill()

    assert len(list((runtime_dir / "framebus").iterdir())) == 1
    assert entries() == []
    assert list((runtime_dir / "framebus").iterdir()) == []


def test_registering_sweeps_too(child: StartChild, runtime_dir: Path) -> None:
    process = child("-c", REGISTER.replace("sys.stdin.read()", WAIT))
    process.wait_line("registered")
    process.kill()

    with register("publisher", "ipc:///a"):
        assert len(list((runtime_dir / "framebus").iterdir())) == 1


def test_a_stopped_process_is_still_listed(child: StartChild) -> None:
    process = child("-c", REGISTER.replace("sys.stdin.read()", WAIT))
    process.wait_line("registered")
    process.stop()

    assert [record.pid for record in entries()] == [process.pid]


def test_a_forked_child_does_not_keep_its_parent_listed(child: StartChild) -> None:
    forking = f"""
import os
from framebus.links.directory import register
entry = register("publisher", "ipc:///a")
child = os.fork()
if child == 0:
    os.closerange(0, 3)
    {WAIT}
print("registered", child, flush=True)
{WAIT}
"""
    process = child("-c", forking)
    forked = int(process.wait_line(r"registered (\d+)")[1])
    try:
        assert len(entries()) == 1
        process.kill()
        assert entries() == []
    finally:
        os.kill(forked, 9)


def test_readers_never_see_half_an_entry() -> None:
    stop = threading.Event()
    with register("publisher", "ipc:///a", streams=["s0"]) as entry:

        def change() -> None:
            number = 0
            while not stop.is_set():
                number += 1
                entry.update(streams=[f"s{number}"] * 50)

        thread = threading.Thread(target=change)
        thread.start()
        try:
            seen = [entries() for _ in range(300)]
        finally:
            stop.set()
            thread.join()

    assert all(len(records) == 1 for records in seen)


@pytest.mark.parametrize("content", [b"", b"{", b'{"kind": "ghost"}', b"[" * 100_000, b"\xff\xfe"])
def test_files_that_are_no_entries_are_swept(runtime_dir: Path, content: bytes) -> None:
    stray = runtime_folder() / "1-x.json"
    stray.write_bytes(content)

    assert entries() == []
    assert not stray.exists()


def test_what_is_left_of_an_interrupted_registration_is_swept() -> None:
    left = runtime_folder() / "1-x.abcd.partial"
    left.write_bytes(b"{}")

    assert entries() == []
    assert not left.exists()


def test_nothing_was_ever_registered(runtime_dir: Path) -> None:
    assert entries() == []
    assert not (runtime_dir / "framebus").exists()


def test_without_file_locks_the_process_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "AVAILABLE", False)
    folder = runtime_folder()
    with register("publisher", "ipc:///a") as entry:
        dead = json.loads((next(folder.iterdir())).read_text()) | {"started": 1.0}
        (folder / "1-dead.json").write_text(json.dumps(dead))

        assert entries() == [entry.record]
        assert not (folder / "1-dead.json").exists()


def test_files_are_private(runtime_dir: Path) -> None:
    with register("publisher", "ipc:///a"):
        (path,) = (runtime_dir / "framebus").iterdir()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


# the folder -------------------------------------------------------------------------------------------------------


def test_without_a_runtime_directory_the_users_own_temporary_folder_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    assert runtime_folder({}) == tmp_path / f"framebus-{os.getuid()}"
    assert runtime_folder({"XDG_RUNTIME_DIR": str(tmp_path / "missing")}) == tmp_path / f"framebus-{os.getuid()}"


def test_a_folder_open_to_others_is_refused(runtime_dir: Path) -> None:
    (runtime_dir / "framebus").mkdir(mode=0o755)

    with pytest.raises(Unavailable, match=r"open to other users: chmod 700"):
        register("publisher", "ipc:///a")
    assert entries() == []


def test_a_symbolic_link_is_refused(runtime_dir: Path, tmp_path: Path) -> None:
    (runtime_dir / "framebus").symlink_to(tmp_path)

    with pytest.raises(Unavailable, match="not a folder"):
        register("publisher", "ipc:///a")
    (runtime_dir / "framebus").unlink()


def test_a_folder_of_somebody_else_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    runtime_folder()
    monkeypatch.setattr(os, "getuid", lambda: 12345)

    with pytest.raises(Unavailable, match="belongs to another user"):
        runtime_folder()


@pytest.mark.parametrize(
    ("address", "port"),
    [
        ("tcp://localhost:5555/door", 5555),
        ("tcp://[::1]:7", 7),
        ("tcp://*:5556", 5556),
        ("imagezmq+tcp://*:5557", 5557),
        ("ipc:///run/x:door", None),
        ("shm://door", None),
    ],
)
def test_the_port_of_an_address(address: str, port: int | None) -> None:
    assert port_of(address) == port


def test_a_listing_holds_no_descriptor(runtime_dir: Path) -> None:
    before = len(os.listdir("/proc/self/fd")) if os.path.exists("/proc/self/fd") else 0
    with register("publisher", "ipc:///a") as entry:
        for number in range(50):
            entry.update(streams=[str(number)])
            directory.entries()
    after = len(os.listdir("/proc/self/fd")) if os.path.exists("/proc/self/fd") else 0

    assert after == before
