"""Processes started by tests: watched by what they print, signalled, reaped."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from framebus.testing.children import Child
from tests.conftest import StartChild

ECHO = "import sys\nfor line in sys.stdin: print('got', line.strip())"
WAIT = "import signal\nprint('ready')\nsignal.pause()"


def test_lines_are_found_in_order_on_either_stream(child: StartChild) -> None:
    process = child("-c", "import sys; print('frame 1'); print('frame 2'); print('late', file=sys.stderr)")
    assert process.wait_line(r"frame (\d)").group(1) == "1"
    assert process.wait_line(r"frame (\d)").group(1) == "2"
    process.wait_line("late")
    assert (process.succeed(), process.stderr) == ("frame 1\nframe 2\n", "late\n")


def test_a_status_line_counts_as_lines(child: StartChild) -> None:
    child("-c", r"print('10 frames\r20 frames\r', end='')").wait_line("^20 frames$")


def test_a_line_that_never_comes_shows_what_did(child: StartChild) -> None:
    with pytest.raises(AssertionError, match=r"(?s)ended without printing 'x'.*something else"):
        child("-c", "print('something else')").wait_line("x")


def test_a_line_that_takes_too_long_shows_what_came(child: StartChild) -> None:
    process = child("-c", WAIT)
    process.wait_line("ready")
    with pytest.raises(AssertionError, match="did not print 'x' in 0 s"):
        process.wait_line("x", timeout=0)


def test_failure_shows_the_output(child: StartChild) -> None:
    with pytest.raises(AssertionError, match=r"(?s)exit code 3.*why"):
        child("-c", "import sys; print('why'); sys.exit(3)").succeed()


def test_standard_input_is_given_and_closed(child: StartChild) -> None:
    assert child("-c", ECHO, stdin="a\nb\n").succeed() == "got a\ngot b\n"


def test_signals(child: StartChild) -> None:
    interrupted, terminated, killed = (child("-c", WAIT) for _ in range(3))
    for process in (interrupted, terminated, killed):
        process.wait_line("ready")
    interrupted.interrupt()
    terminated.terminate()
    killed.kill()
    interrupted.wait()
    assert "KeyboardInterrupt" in interrupted.stderr
    assert terminated.wait() == -signal.SIGTERM
    assert killed.wait() == -signal.SIGKILL


def test_stop_and_go_on(child: StartChild) -> None:
    process = child("-c", WAIT)
    process.wait_line("ready")
    process.stop()
    os.waitid(os.P_PID, process.pid, os.WSTOPPED)
    process.cont()
    os.waitid(os.P_PID, process.pid, os.WCONTINUED)
    assert psutil.Process(process.pid).status() != psutil.STATUS_STOPPED


def test_children_see_the_runtime_directory_of_the_test(child: StartChild, runtime_dir: Path) -> None:
    assert child("-c", "import os; print(os.environ['XDG_RUNTIME_DIR'])").succeed().strip() == str(runtime_dir)


def test_grandchildren_that_stay_are_found_and_ended() -> None:
    code = (
        "import subprocess, sys\n"
        "p = subprocess.Popen([sys.executable, '-c', 'import signal; print(\"up\"); signal.pause()'])\n"
        "input()"
    )
    process = Child("-c", code, stdin=None, cwd=None, env={})
    process.wait_line("up")
    orphans = process.finish(grace_s=0.1)
    assert len(orphans) == 1


def test_a_test_has_its_own_short_places(runtime_dir: Path) -> None:
    assert os.environ["XDG_RUNTIME_DIR"] == str(runtime_dir)
    assert not any(runtime_dir.iterdir())
    assert len(str(runtime_dir)) < 60
    assert not Path(os.environ["FRAMEBUS_KEYS"]).exists()


def test_free_ports_differ(free_ports: Callable[[], int]) -> None:
    assert len({free_ports() for _ in range(5)}) == 5
