"""systemd is told when a service is ready, that it is alive, and when it stops."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from framebus.supervise.notifying import Notifying


@pytest.fixture
def systemd(runtime_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """Its end of the line."""
    path = runtime_dir / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.bind(str(path))
        line.setblocking(False)
        monkeypatch.setenv("NOTIFY_SOCKET", str(path))
        yield line
    path.unlink()


def heard(line: socket.socket) -> list[str]:
    """All that was told so far."""
    said = []
    while True:
        try:
            said.append(line.recv(4096).decode())
        except BlockingIOError:
            return said


def test_ready_and_stopping(systemd: socket.socket) -> None:
    told = Notifying()
    told.ready()
    told.stopping()
    assert heard(systemd) == ["READY=1", "STOPPING=1"]


def test_alive_is_said_at_once_and_not_all_the_time(systemd: socket.socket) -> None:
    told = Notifying()
    for _ in range(100):
        told.alive("3 streams")
    assert heard(systemd) == ["WATCHDOG=1\nSTATUS=3 streams"]


def test_a_watchdog_in_a_hurry_is_told_each_time(systemd: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", "1")
    monkeypatch.setenv("WATCHDOG_PID", str(os.getpid()))
    told = Notifying()
    for _ in range(3):
        told.alive()
    assert heard(systemd) == ["WATCHDOG=1"] * 3


@pytest.mark.parametrize(("usec", "pid"), [("1", "1"), ("", ""), ("soon", None), ("0", None)])
def test_a_watchdog_of_somebody_else_or_none_hurries_nobody(
    systemd: socket.socket, monkeypatch: pytest.MonkeyPatch, usec: str, pid: str | None
) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", usec)
    monkeypatch.setenv("WATCHDOG_PID", str(os.getpid()) if pid is None else pid)
    told = Notifying()
    told.alive()
    told.alive()
    assert heard(systemd) == ["WATCHDOG=1"]


def test_nobody_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    Notifying().ready()


def test_nobody_listens_any_more(runtime_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", str(runtime_dir / "gone"))
    Notifying().ready()
