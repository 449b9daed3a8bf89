"""Who holds a port, in a line fit for an error message."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable

import psutil
import pytest

from framebus.links.ports import Holder, command, holder, shorten


def test_the_process_that_listens_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        found = holder(server.getsockname()[1])

    assert found is not None
    assert found.pid == os.getpid()
    assert "python" in found.command or "pytest" in found.command


def test_nobody_listening_is_nobody(free_port: int) -> None:
    assert holder(free_port) is None


def test_a_connection_from_that_port_is_no_listener() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        assert holder(client.getsockname()[1]) is None


def test_a_system_that_does_not_tell_means_nobody_known(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(kind: str) -> list[object]:
        raise psutil.AccessDenied

    monkeypatch.setattr(psutil, "net_connections", refused)

    assert holder(5555) is None


def test_a_process_that_has_gone_has_no_command() -> None:
    assert command(2**22 + 1) == ""


def test_a_holder_without_a_command_is_its_number() -> None:
    assert str(Holder(12, "")) == "12"
    assert str(Holder(12, "python cam.py")) == "12 python cam.py"


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ([], ""),
        (["/usr/bin/python3", "cam.py"], "python3 cam.py"),
        (["C:\\py\\python.exe", "x"], "python.exe x"),
        (["p", "two\nlines", "\x1b[31m"], "p two lines ?[31m"),
        (["p", "rtsp://me:secret@cam/1"], "p rtsp://***@cam/1"),
    ],
)
def test_commands_are_one_printable_line_without_secrets(words: list[str], line: str) -> None:
    assert shorten(words) == line


def test_the_interpreter_is_no_part_of_a_command_of_ours() -> None:
    assert shorten(["/usr/bin/python3", "-m", "framebus", "list"]) == "framebus list"
    assert shorten(["/usr/bin/python3", "/venv/bin/framebus", "pipe", "a"]) == "framebus pipe a"
    assert shorten(["/usr/bin/python3", "detect.py"]) == "python3 detect.py"


def test_long_commands_are_cut_after_redaction() -> None:
    line = shorten(["p", "x" * 60, "rtsp://me:" + "s" * 100 + "@cam/1"])

    assert len(line) <= 80
    assert "sss" not in line
    assert line.endswith(("…", "cam/1"))


def test_a_port_is_found_free_after_its_holder_left(free_ports: Callable[[], int]) -> None:
    port = free_ports()
    with socket.create_server(("127.0.0.1", port)):
        assert holder(port) is not None
    assert holder(port) is None
