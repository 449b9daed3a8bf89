"""Mistakes at the command line: each ends with one clear line that names the thing and what to do, and an exit code."""

from __future__ import annotations

import os
import re
import socket
from pathlib import Path

import numpy as np
import psutil
import pytest

import framebus as fb
from framebus.cli import main
from framebus.core.hosts import is_loopback
from tests.conftest import StartChild

INVITE = "framebus keys invite NAME"
INSECURE = "--insecure"


def own_address() -> str:
    """An address of this machine that others can reach, or nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("203.0.113.1", 9))  # nothing is sent
        except OSError:
            return ""
        found = str(probe.getsockname()[0])
    return "" if is_loopback(found) else found


def answer(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str]:
    """Exit code and what was said; nothing may go to standard output."""
    code = main([str(word) for word in arguments])
    said = capsys.readouterr()
    assert said.out == ""
    assert "Traceback" not in said.err
    return code, said.err


def listening() -> set[int]:
    """The ports on which this process listens."""
    found = psutil.Process().net_connections(kind="tcp")
    return {connection.laddr.port for connection in found if connection.status == psutil.CONN_LISTEN}


# the network without keys ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["", "*", "0.0.0.0", "[::]", "[::0]", "OWN"])  # noqa: S104
@pytest.mark.parametrize("role", ["sink", "hub"])
def test_listening_to_the_network_without_keys_is_refused_with_the_lines_that_fix_it(
    capsys: pytest.CaptureFixture[str], free_port: int, host: str, role: str
) -> None:
    if host == "OWN":
        host = own_address() or pytest.skip("this machine has no address but loopback")
    address = f"tcp://{host}:{free_port}"
    way = ("synthetic:", address) if role == "sink" else (address, "null:", "--listen")

    code, said = answer(capsys, "pipe", *way, "--duration", "100ms", "--timeout", "100ms")

    assert code == 4
    assert INVITE in said
    assert INSECURE in said
    assert "plain ZeroMQ" in said
    assert free_port not in listening()


def test_the_default_port_is_refused_as_well(capsys: pytest.CaptureFixture[str]) -> None:
    code, said = answer(capsys, "pipe", "tcp://", "null:")
    assert code == 4
    assert INVITE in said


def test_a_list_of_addresses_that_may_connect_is_enough_and_is_checked(
    capsys: pytest.CaptureFixture[str], free_port: int
) -> None:
    code, said = answer(capsys, "pipe", f"tcp://:{free_port}", "null:", "--allow", "my friend")
    assert code == 2
    assert "10.0.0.7" in said
    code, _ = answer(
        capsys,
        "pipe",
        f"tcp://:{free_port}",
        "null:",
        "--allow",
        "10.0.0.0/8",
        "--duration",
        "50ms",
        "--timeout",
        "50ms",
    )
    assert code in (0, 4)


def test_keys_that_others_can_read_are_no_keys(capsys: pytest.CaptureFixture[str], free_port: int) -> None:
    main(["keys", "invite", "pi", "--address", f"tcp://127.0.0.1:{free_port}"])
    capsys.readouterr()
    os.chmod(Path(os.environ["FRAMEBUS_KEYS"]) / "own.json", 0o644)

    code, said = answer(capsys, "pipe", f"tcp://:{free_port}", "null:")

    assert code == 4
    assert "chmod 600" in said
    assert free_port not in listening()


# ports ----------------------------------------------------------------------------------------------------------


def test_a_port_held_by_framebus_names_link_process_and_command(
    capsys: pytest.CaptureFixture[str], child: StartChild, free_port: int
) -> None:
    address = f"tcp://127.0.0.1:{free_port}"
    holder = child("-m", "framebus", "pipe", "synthetic:", address, "--size", "64x48")
    holder.wait_line("listening on")

    code, said = answer(capsys, "pipe", "synthetic:", address)

    assert code == 4
    assert f"port {free_port} is in use by a framebus publisher" in said
    assert f"pid {holder.pid}: " in said
    assert "framebus pipe synthetic:" in said
    holder.interrupt()
    holder.wait()


def test_a_port_held_by_another_program_names_it(capsys: pytest.CaptureFixture[str], child: StartChild) -> None:
    code = (
        "import socket, signal; s = socket.create_server(('127.0.0.1', 0)); print(s.getsockname()[1]); signal.pause()"
    )
    holder = child("-c", code)
    port = holder.wait_line(r"(\d+)")[1]

    status, said = answer(capsys, "pipe", "synthetic:", f"tcp://127.0.0.1:{port}")

    assert status == 4
    assert f"port {port} is in use by {holder.pid} python" in said


# files ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("notes.mp4", b"dear diary\n" * 100, "text"),
        ("empty.mp4", b"", "empty.mp4"),
        ("noise.mkv", np.random.default_rng(1).bytes(10_000), "noise.mkv"),
        ("notes.png", b"dear diary\n" * 100, "text"),
        ("empty.jpg", b"", "empty.jpg"),
        ("notes.tiff", b"dear diary\n" * 100, "notes.tiff"),
    ],
)
def test_a_file_that_is_no_picture_and_no_video_is_named(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, name: str, content: bytes, says: str
) -> None:
    (tmp_path / name).write_bytes(content)

    code, said = answer(capsys, "pipe", tmp_path / name, "null:")

    assert code in (3, 4)
    assert name in said
    assert says in said


def test_a_folder_that_cannot_be_written_to_is_refused_before_a_frame_is_read(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("no folder")

    code, said = answer(capsys, "pipe", "synthetic:", f"{tmp_path}/file/frames/", "--frames", "3")

    assert code == 4
    assert str(tmp_path / "file") in said


def test_files_of_others_are_left_alone_unless_told_otherwise(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    folder = tmp_path / "frames"
    folder.mkdir()
    foreign = folder / "door-00000000.png"
    foreign.write_bytes(b"somebody else's")
    way = ("pipe", "synthetic:door", f"{folder}/", "--frames", "2", "--size", "64x48")

    code, said = answer(capsys, *way)

    assert code == 4
    assert foreign.read_bytes() == b"somebody else's"
    assert "--overwrite" in said or "overwrite" in said
    code, said = answer(capsys, *way, "--overwrite")
    assert code == 0
    assert foreign.read_bytes().startswith(b"\x89PNG")


# what is not installed ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("missing", "arguments", "says"),
    [
        ("av", ("clip.mp4", "null:"), "pip install 'framebus[video]'"),
        ("pygame", ("synthetic:", "window:", "--frames", "1"), "pip install 'framebus[window]'"),
    ],
)
def test_a_missing_extra_is_named(
    child: StartChild, tmp_path: Path, missing: str, arguments: tuple[str, ...], says: str
) -> None:
    (tmp_path / "clip.mp4").write_bytes(bytes(100))
    without = (
        "import sys\n"
        "class Without:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name.partition('.')[0] == {missing!r}:\n"
        "            raise ModuleNotFoundError(f'No module named {name!r}', name=name)\n"
        "sys.meta_path.insert(0, Without())\n"
        "from framebus.cli import main\n"
        "sys.exit(main(sys.argv[1:]))\n"
    )
    process = child("-c", without, "pipe", *arguments, cwd=tmp_path)
    assert process.wait() == 4
    assert says in process.stderr
    assert "Traceback" not in process.stderr


# words ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("rtps://cam/main", "null:"), "rtsp"),
        (("tpc://desk:5555", "null:"), "tcp"),
        (("clip.mp5", "null:"), "mp4"),
        (("synthetic:", "frames.pgn"), "png"),
        (("synthetic:", "tcp://127.0.0.1:99999"), "port"),
        (("synthetic:", "tcp://1.2.3"), "IPv4"),
        (("synthetic:", "null:", "--ovrwrite"), "--overwrite"),
        (("synthetic:", "tcp://127.0.0.1:5555", "--when-full", "explode"), "'skip'"),
        (("synthetic:", "tcp://127.0.0.1:5555", "--retain", "much"), "256MB"),
        (("synthetic:", "tcp://127.0.0.1:5555", "--encode", "jpg=85"), "jpeg"),
    ],
)
def test_what_does_not_exist_is_answered_with_the_nearest_that_does(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], says: str
) -> None:
    code, said = answer(capsys, "pipe", *arguments)
    assert code == 2
    assert says in said


def test_two_publishers_of_one_name_at_a_hub_name_the_first(child: StartChild, free_port: int) -> None:
    hub = f"tcp://127.0.0.1:{free_port}"
    with fb.open(hub, listen=True) as frames:
        first = child("-m", "framebus", "pipe", "synthetic:door", hub, "--no-listen", "--size", "64x48")
        frames.read(timeout=20)
        second = child("-m", "framebus", "pipe", "synthetic:door", hub, "--no-listen", "--size", "64x48")
        while second.process.poll() is None:
            frames.read(timeout=20)
        assert second.wait() == 4
        assert re.search(f"'door' is already published here by .*pid {first.pid}", second.stderr)
        first.interrupt()
        while first.process.poll() is None:
            with_timeout(frames)


def with_timeout(frames: fb.Source) -> None:
    """A frame, or none."""
    try:
        frames.read(timeout=0.05)
    except fb.Timeout:
        return


def test_a_traceback_that_was_asked_for_shows_no_password(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["pipe", "nosuch://me:hidden-word@cam", "null:", "--debug"]) == 2
    said = capsys.readouterr().err
    assert "Traceback" in said
    assert "hidden-word" not in said
