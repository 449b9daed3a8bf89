"""Files of unix sockets: private from the first moment, respected while their process lives, replaced when it died."""

from __future__ import annotations

import contextlib
import os
import socket as system
import stat
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from framebus.core.errors import AddressError, Unavailable
from framebus.links import ipc, locks
from framebus.links.ipc import File, answers, check
from tests.conftest import StartChild

PATIENCE_S = 30.0
KINDS = [system.SOCK_STREAM, system.SOCK_SEQPACKET]


@pytest.fixture
def path(runtime_dir: Path) -> Path:
    return runtime_dir / "cam.sock"


@contextlib.contextmanager
def _umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def _meet(file: File, path: Path, kind: int = system.SOCK_STREAM) -> None:
    """A question and an answer."""
    with system.socket(system.AF_UNIX, kind) as caller:
        caller.settimeout(PATIENCE_S)
        caller.connect(str(path))
        with file.socket.accept()[0] as answerer:
            answerer.settimeout(PATIENCE_S)
            caller.sendall(b"hello")
            assert answerer.recv(100) == b"hello"
            answerer.sendall(b"welcome")
            assert caller.recv(100) == b"welcome"


@contextlib.contextmanager
def _dead(path: Path) -> Iterator[None]:
    """The file of a socket that is closed."""
    with system.socket(system.AF_UNIX) as stale:
        stale.bind(str(path))
    yield
    path.unlink(missing_ok=True)


# what is made -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_both_sides_meet_at_the_file(path: Path, kind: int) -> None:
    with closing(File(str(path), kind)) as file:
        _meet(file, path, kind)


def test_nobody_ever_waits_for_it(path: Path) -> None:
    with closing(File(str(path))) as file, pytest.raises(BlockingIOError):
        file.socket.accept()


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
def test_the_file_is_private_in_a_private_folder(runtime_dir: Path, mask: int) -> None:
    path = runtime_dir / "new" / "deep" / "cam.sock"
    with _umask(mask), closing(File(str(path))):
        assert stat.S_ISSOCK(path.stat().st_mode)
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        assert stat.S_IMODE(path.parent.parent.stat().st_mode) & 0o077 == 0


def test_a_folder_that_is_there_stays_as_it_is(runtime_dir: Path) -> None:
    folder = runtime_dir / "shared"
    folder.mkdir()
    folder.chmod(0o755)
    with closing(File(f"{folder}/cam.sock")):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o755


def test_the_file_is_private_from_the_first_moment(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []

    class Looking(system.socket):
        def bind(self, address: str) -> None:  # type: ignore[override]
            super().bind(address)
            seen.append(stat.S_IMODE(os.stat(address).st_mode))

    monkeypatch.setattr(system, "socket", Looking)
    with _umask(0o000), closing(File(str(path))):
        pass

    assert [mode & 0o077 for mode in seen] == [0]


def test_the_umask_is_as_it_was(path: Path) -> None:
    with _umask(0o027), closing(File(str(path))):
        assert os.umask(0o027) == 0o027


def test_the_umask_is_as_it_was_also_after_a_refusal(path: Path) -> None:
    path.write_text("mine")
    with _umask(0o027), pytest.raises(Unavailable):
        File(str(path))
    with _umask(0o022):
        assert os.umask(0o022) == 0o022
    path.unlink()


def test_the_file_goes_with_the_socket(path: Path) -> None:
    File(str(path)).close()

    assert not path.exists()


def test_a_file_that_another_put_there_meanwhile_stays(path: Path) -> None:
    first = File(str(path))
    path.unlink()
    with closing(File(str(path))) as second:
        first.close()
        _meet(second, path)


def test_closing_twice_takes_nothing_from_the_next_who_listens_there(path: Path) -> None:
    first = File(str(path))
    first.close()
    with closing(File(str(path))) as second:
        first.close()
        _meet(second, path)


# files that are there ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("mine", KINDS)
def test_the_file_of_a_live_process_is_respected(path: Path, kind: int, mine: int) -> None:
    with closing(File(str(path), kind)) as file:
        with pytest.raises(Unavailable, match=r"cam\.sock: a running process listens there; choose another path"):
            File(str(path), mine)
        with contextlib.suppress(BlockingIOError):
            file.socket.accept()[0].close()  # the one who looked
        _meet(file, path, kind)


def test_a_live_process_that_is_too_busy_to_answer_is_respected(path: Path) -> None:
    with ExitStack() as stack:
        busy = stack.enter_context(system.socket(system.AF_UNIX))
        busy.bind(str(path))
        busy.listen(0)
        with contextlib.suppress(BlockingIOError):
            while True:
                caller = stack.enter_context(system.socket(system.AF_UNIX))
                caller.setblocking(False)
                caller.connect(str(path))

        with pytest.raises(Unavailable, match="a running process listens there"):
            File(str(path))
    path.unlink()


@pytest.mark.parametrize("kind", KINDS)
def test_the_file_of_a_dead_process_is_replaced(path: Path, child: StartChild, kind: int) -> None:
    code = f"""
from framebus.links.ipc import File
file = File({str(path)!r}, {int(kind)})
print("listening", flush=True)
import signal; signal.pause()
"""
    process = child("-c", code)
    process.wait_line("listening")
    process.kill()
    assert path.exists()
    assert not answers(str(path), kind)

    with closing(File(str(path), kind)) as file:
        _meet(file, path, kind)


def test_looking_and_replacing_are_one_step_for_other_processes(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    free: list[bool] = []

    def look(path: str, kind: int) -> None:
        descriptor = os.open(Path(path).parent, os.O_RDONLY)
        free.append(locks.lock(descriptor, wait=False))
        os.close(descriptor)

    monkeypatch.setattr(ipc, "_clear", look)
    with closing(File(str(path))):
        descriptor = os.open(path.parent, os.O_RDONLY)
        free.append(locks.lock(descriptor, wait=False))
        os.close(descriptor)

    assert free == [not locks.AVAILABLE, True]


def test_of_several_processes_that_find_a_stale_file_one_gets_it(path: Path, child: StartChild) -> None:
    code = f"""
from framebus.core.errors import Unavailable
from framebus.links.ipc import File
import sys
sys.stdin.readline()
try:
    file = File({str(path)!r})
    print("got it", flush=True)
except Unavailable:
    print("taken", flush=True)
sys.stdout.close()
import signal; signal.pause()
"""
    with _dead(path):
        racers = [child("-c", code, stdin="go\n") for _ in range(4)]
        outcomes = sorted(racer.wait_line("got it|taken")[0] for racer in racers)

        assert outcomes == ["got it", "taken", "taken", "taken"]


def test_a_file_that_is_no_socket_is_left_alone(runtime_dir: Path) -> None:
    path = runtime_dir / "notes.txt"
    path.write_text("mine")

    with pytest.raises(Unavailable, match=r"notes\.txt: that file is not a socket; choose another path"):
        File(str(path))
    assert path.read_text() == "mine"
    path.unlink()


def test_a_link_to_somewhere_else_is_left_alone(runtime_dir: Path, path: Path) -> None:
    path.symlink_to(runtime_dir / "elsewhere")

    with pytest.raises(Unavailable, match="that file is not a socket"):
        File(str(path))
    assert path.is_symlink()
    path.unlink()


def test_a_folder_that_cannot_be_used_is_named(runtime_dir: Path) -> None:
    (runtime_dir / "file").write_text("")

    with pytest.raises(Unavailable, match=r"cannot listen on ipc://.*/file/cam\.sock: .*/file: "):
        File(f"{runtime_dir}/file/cam.sock")
    (runtime_dir / "file").unlink()


@pytest.mark.skipif(os.geteuid() != 0, reason="needs to become another user")
def test_a_folder_of_another_user_is_explained(runtime_dir: Path, child: StartChild) -> None:
    code = f"""
import os
from framebus.links.ipc import File
os.setuid(65534)
try: File("{runtime_dir}/cam.sock")
except OSError as error: print(type(error).__name__, error)
"""
    assert f"Forbidden cannot listen on ipc://{runtime_dir}/cam.sock: " in child("-c", code).succeed()


# paths ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("refuse", [check, File])
@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/tmp/" + "x" * 103, "108 bytes, but the path of a unix socket holds 107; use a shorter folder"),  # noqa: S108
        ("/tmp/" + "é" * 60, "125 bytes"),  # noqa: S108
        ("", "names no file"),
        ("*", "names no file"),
        ("@abstract", "abstract sockets have no permissions; give the path of a file"),
    ],
    ids=["too long", "too long in bytes", "empty", "any", "abstract"],
)
def test_paths_a_unix_socket_cannot_have(refuse: object, path: str, reason: str) -> None:
    assert callable(refuse)
    with pytest.raises(AddressError, match=reason):
        refuse(path)


def test_the_longest_path_works(runtime_dir: Path) -> None:
    path = runtime_dir / ("x" * (106 - len(str(runtime_dir))))
    assert len(os.fsencode(path)) == ipc.MAX_PATH_BYTES

    check(str(path))
    with closing(File(str(path))) as file:
        _meet(file, path)


# who answers ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_a_listener_answers(path: Path, kind: int) -> None:
    with closing(File(str(path), kind)):
        assert answers(str(path), kind)


def test_a_dead_file_does_not_answer(path: Path) -> None:
    with _dead(path):
        assert not answers(str(path))


def test_where_no_file_is_nobody_answers(path: Path) -> None:
    assert not answers(str(path))
