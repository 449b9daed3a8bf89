"""What every test gets: a place of its own, a check for leaks, real processes, free ports."""

from __future__ import annotations

import os
import random
import shutil
import signal
import socket
import tempfile
from collections.abc import Callable, Generator, Iterator, Mapping
from pathlib import Path
from typing import Protocol

import pytest
from hypothesis import HealthCheck, settings

from framebus.testing.children import Child
from framebus.testing.leaks import Snapshot, left_over
from tests import kin

FAILED = pytest.StashKey[bool]()
KILLED = pytest.StashKey[bool]()
OURS = ("FRAMEBUS_", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "XDG_STATE_HOME")

if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:  # as after `&` in a script; what tests start would inherit it
    signal.signal(signal.SIGINT, signal.default_int_handler)
if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) == signal.SIG_IGN:  # as after `nohup`
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")  # how fast it is, no test judges


class StartChild(Protocol):
    """`child("-c", code)`, `child("-m", "framebus", …)`, `child(path, …)`."""

    def __call__(
        self,
        *arguments: str | Path,
        stdin: str | None = None,
        cwd: Path | None = None,
        env: Mapping[str, str] = ...,
    ) -> Child:
        """Start the process."""
        ...


@pytest.fixture(scope="session", autouse=True)
def _lasting() -> None:
    """Start once what stays for the life of a process, so that no test is blamed for it."""
    from tests.warmth import warm

    warm()


@pytest.fixture(autouse=True)
def runtime_dir(request: pytest.FixtureRequest, _lasting: None) -> Iterator[Path]:
    """This test's own XDG_RUNTIME_DIR (also XDG_CONFIG_HOME, XDG_STATE_HOME, FRAMEBUS_KEYS); checks for leaks after it.

    The path is short because a unix socket's path holds 107 bytes.
    """
    home = Path(tempfile.mkdtemp(prefix="fb", dir=_short()))
    runtime = home / "run"
    runtime.mkdir(mode=0o700)
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(OURS)]:
            patch.delenv(name)
        patch.setenv("XDG_RUNTIME_DIR", str(runtime))
        patch.setenv("XDG_CONFIG_HOME", str(home / "config"))
        patch.setenv("XDG_STATE_HOME", str(home / "state"))
        patch.setenv("FRAMEBUS_KEYS", str(home / "keys"))
        before = Snapshot.take()
        kin.remember(before.children)
        yield runtime
        left = [] if request.node.stash.get(FAILED, False) else left_over(before, _swept(request, runtime))
    shutil.rmtree(home, ignore_errors=True)
    if left:
        pytest.fail("the test left behind:\n  " + "\n  ".join(left), pytrace=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Remember failures: what a failed test holds is held by its traceback, and no news."""
    report = yield
    if report.failed:
        item.stash[FAILED] = True
    return report


@pytest.fixture
def child(request: pytest.FixtureRequest) -> Iterator[StartChild]:
    """Start Python processes: killed and reaped when the test ends; none may leave children of its own."""
    started: list[Child] = []

    def start(
        *arguments: str | Path,
        stdin: str | None = None,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
    ) -> Child:
        started.append(Child(*arguments, stdin=stdin, cwd=cwd, env=env or {}))
        return started[-1]

    yield start
    orphans = [orphan for process in started for orphan in process.finish()]
    request.node.stash[KILLED] = any(process.killed for process in started)
    if orphans and not request.node.stash.get(FAILED, False):
        pytest.fail("processes outlived the one that started them:\n  " + "\n  ".join(orphans), pytrace=False)


@pytest.fixture
def free_ports() -> Callable[[], int]:
    """Gives a loopback TCP port that nobody listens on, another one at each call.

    Below the range of outgoing connections: in it, a peer that keeps reconnecting to a port where nobody
    listens yet can be given that very port and connect to itself.
    """
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    first = 12_000 + worker % 20 * 1_000
    tried = iter(random.sample(range(first, first + 1_000), 1_000))

    def free() -> int:
        return next(port for port in tried if _bindable(port))

    return free


@pytest.fixture
def free_port(free_ports: Callable[[], int]) -> int:
    """One loopback TCP port that nobody listens on."""
    return free_ports()


def _bindable(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _swept(request: pytest.FixtureRequest, runtime: Path) -> Path:
    """Forget the runtime files of a test that killed a process: the dead cannot tidy up."""
    if request.node.stash.get(KILLED, False):
        shutil.rmtree(runtime, ignore_errors=True)
    return runtime


def _short() -> str:
    usual = tempfile.gettempdir()
    return usual if len(usual) < 40 else "/tmp"  # noqa: S108  (a fresh directory is made in it)
