"""The check that runs after every test finds what tests leave behind, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

CONFTEST = """
import pathlib, framebus.testing.leaks

framebus.testing.leaks.SHARED_MEMORY = pathlib.Path("shm")
framebus.testing.leaks.SHARED_MEMORY.mkdir(exist_ok=True)
framebus.testing.leaks.GRACE_S = 0.5
"""

LEAVING = """
import os, pathlib, socket, subprocess, sys, threading

held = []
over = threading.Event()


def test_a_thread():
    held.append(threading.Thread(target=over.wait, name="stray", daemon=True))
    held[-1].start()


def test_a_process():
    held.append(subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE))


def test_a_zombie():
    held.append(subprocess.Popen(["true"]))
    os.waitid(os.P_PID, held[-1].pid, os.WEXITED | os.WNOWAIT)


def test_a_descriptor():
    held.append(os.open("/dev/null", os.O_RDONLY))


def test_a_socket():
    held.append(socket.socket())


def test_a_pipe():
    held.append(os.pipe())


def test_a_segment():
    pathlib.Path("shm/psm_left").write_bytes(b"pixels")


def test_a_runtime_file():
    pathlib.Path(os.environ["XDG_RUNTIME_DIR"], "door.sock").touch()
"""

TIDY = """
import gc, os, pathlib, socket, subprocess, threading


def test_nothing():
    pass


def test_all_of_it_put_away():
    with socket.socket(), open("/dev/null"), subprocess.Popen(["true"]):
        thread = threading.Thread(target=int)
        thread.start()
        thread.join()
    left = pathlib.Path(os.environ["XDG_RUNTIME_DIR"], "door.sock")
    left.touch()
    left.unlink()


def test_something_that_ends_by_itself_soon():
    threading.Timer(0.05, int).start()


def test_something_only_a_cycle_keeps():
    class Holder:
        def __init__(self):
            self.me, self.pipe = self, os.pipe()

        def __del__(self):
            os.close(self.pipe[0])
            os.close(self.pipe[1])

    Holder()


def test_the_one_reactor():
    threading.Thread(target=threading.Event().wait, name="framebus-reactor", daemon=True).start()


def test_a_killed_child_cannot_tidy_up(child):
    process = child(
        "-c", "import os, pathlib; pathlib.Path(os.environ['XDG_RUNTIME_DIR'], 'x').touch(); print('made'); input()",
        stdin=None,
    )
    process.wait_line("made")
    process.kill()
"""

FAILING = """
import os


def test_that_fails_for_a_reason_of_its_own():
    left = os.pipe()
    assert False, "the reason"
"""


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)
    pytester.makeconftest(CONFTEST)
    return pytester


def outcome(run: pytest.Pytester, code: str) -> pytest.RunResult:
    run.makepyfile(code)
    return run.runpytest_subprocess("-p", "tests.conftest", "-p", "no:cacheprovider", "-W", "error")


def test_everything_left_behind_is_named(run: pytest.Pytester) -> None:
    result = outcome(run, LEAVING)
    result.assert_outcomes(passed=8, errors=8)
    report = result.stdout.str().partition("short test summary info")[0]  # where CI repeats it all
    told = re.findall(r"the test left behind:\n  (.*)", report)
    expected = (
        r"thread 'stray'",
        r"child process \d+ \(\w+\): .*input\(\)",
        r"child process \d+ \(zombie\)",
        r"file descriptor /dev/null",
        r"file descriptor socket:\[\d+\]",
        r"file descriptor pipe:\[\d+\]",
        r"shared memory psm_left",
        r"runtime file door.sock",
    )
    assert len(told) == len(expected)
    for line, pattern in zip(told, expected, strict=True):
        assert re.match(pattern, line)


def test_tidy_tests_pass(run: pytest.Pytester) -> None:
    outcome(run, TIDY).assert_outcomes(passed=6)


def test_a_failed_test_is_reported_once_by_its_own_reason(run: pytest.Pytester) -> None:
    result = outcome(run, FAILING)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*the reason*"])
