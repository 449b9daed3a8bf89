"""`framebus run` as a service: systemd hears that it is ready, alive, how it is, and that it stops."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from framebus.memory.pool import supported
from tests.conftest import StartChild
from tests.waiting import until

pytestmark = pytest.mark.skipif(not supported(), reason="this system cannot share memory between processes")

SYSTEM = """
[streams]
gate = { source = "synthetic:", fps = 10 }
door = "rtsp://127.0.0.1:1/main"

[pipes.look]
source = "gate"
op = "gray"
"""


def test_ready_alive_and_stopping(child: StartChild, tmp_path: Path, runtime_dir: Path) -> None:
    (tmp_path / "system.toml").write_text(SYSTEM)
    path = runtime_dir.parent / "notify"
    said: list[str] = []
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(path))
        systemd.setblocking(False)

        def heard(text: str) -> bool:
            try:
                while True:
                    said.append(systemd.recv(4096).decode())
            except BlockingIOError:
                return any(text in line for line in said)

        env = {"NOTIFY_SOCKET": str(path), "WATCHDOG_USEC": "200000"}
        process = child("-m", "framebus", "run", "system.toml", cwd=tmp_path, env=env)
        until(lambda: heard("READY=1"))
        until(lambda: heard("WATCHDOG=1\nSTATUS=2 of 3 are well; door: away"))
        (tmp_path / "system.toml").write_text(SYSTEM.replace("pipes.look", "pipes.see"))
        process.wait_line("^system.toml is applied: ")
        process.wait_line("^see is live$")
        assert not heard("STOPPING=1")  # or systemd would end all of it
        assert "is stopping" not in process.stderr
        process.terminate()
        assert process.wait() == 0
        assert heard("STOPPING=1")
    assert said.index("READY=1") < said.index("STOPPING=1")
