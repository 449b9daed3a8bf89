"""Child processes: noticed when they end, with how they ended, and always reaped."""

from __future__ import annotations

import os
import select
import sys
from pathlib import Path

import psutil
import pytest

from framebus.core.errors import Unavailable
from framebus.supervise.child_process import Process
from tests.conftest import StartChild


def run(code: str, *descriptors: int) -> Process:
    return Process.of([sys.executable, "-c", code, *map(str, descriptors)], descriptors, os.environ)


def wait(process: Process) -> None:
    assert process.descriptor is not None
    select.select([process.descriptor], [], [])
    assert process.ended()


@pytest.mark.parametrize(
    ("code", "ending"),
    [
        ("raise SystemExit(0)", "ended with exit code 0"),
        ("raise SystemExit(3)", "ended with exit code 3"),
        ("import os; os.kill(os.getpid(), 9)", "was killed by SIGKILL"),
        ("import os; os.kill(os.getpid(), 35)", "was killed by signal 35"),
    ],
)
def test_how_it_ended_is_told(code: str, ending: str) -> None:
    process = run(code)
    wait(process)
    assert process.ending == ending
    assert not psutil.pid_exists(process.pid)


def test_one_that_runs_is_killed_and_reaped() -> None:
    process = run("import time; time.sleep(600)")
    assert not process.ended()
    assert process.ending == "runs"
    process.kill()
    process.kill()
    assert process.ending == "was killed by SIGKILL"
    assert not psutil.pid_exists(process.pid)


def test_it_inherits_the_descriptors_it_is_given_and_no_others() -> None:
    given, other = os.pipe(), os.pipe()
    os.set_inheritable(other[1], True)
    code = "import os, sys\ntry: os.write(int(sys.argv[2]), b'x')\nexcept OSError: os.write(int(sys.argv[1]), b'no')"
    process = Process.of([sys.executable, "-c", code, str(given[1]), str(other[1])], [given[1]], os.environ)
    wait(process)
    assert os.read(given[0], 9) == b"no"
    for descriptor in (*given, *other):
        os.close(descriptor)


def test_where_the_kernel_does_not_tell_one_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "pidfd_open")
    process = run("pass")
    assert process.descriptor is None
    while not process.ended():
        os.sched_yield()
    assert process.ending == "ended with exit code 0"


def test_what_cannot_be_started_says_so() -> None:
    with pytest.raises(Unavailable, match="no/such/program"):
        Process.of(["/no/such/program"], [], {})


def test_it_dies_with_the_process_that_started_it(child: StartChild, tmp_path: Path) -> None:
    """Also while it works and looks at nothing."""
    code = (
        "import os, sys; from framebus.supervise.child_process import Process\n"
        "busy = 'import sys; from framebus.supervise.lifeline import die_with; die_with(int(sys.argv[1]));'\n"
        "busy += 'print(\"busy\", flush=True)\\nwhile True: pass'\n"
        "process = Process.of([sys.executable, '-c', busy, str(os.getpid())], [], os.environ)\n"
        "print('child', process.pid, flush=True); input()\n"
    )
    parent = child("-c", f"import time\n{code.replace('input()', 'time.sleep(600)')}")
    pid = int(parent.wait_line(r"child (\d+)")[1])
    parent.wait_line("busy")
    watched = psutil.Process(pid)
    parent.kill()
    watched.wait(30)


def test_one_whose_parent_has_gone_already_ends_at_once(child: StartChild) -> None:
    code = "from framebus.supervise.lifeline import die_with; die_with(1 << 22); print('still here')"
    assert child("-c", code).succeed() == ""
