"""Rounds are played one after the other, each in a process of its own, until the time is over."""

from __future__ import annotations

import math
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import msgspec
import psutil

from framebus.stress.claims import Claim
from framebus.stress.outcomes import Outcome, Round
from framebus.stress.round import ACCOUNT

HUNG_S = 180.0
"""A round takes seconds; one that takes so long hangs."""
GRACE_S = 2.0
MARK = "FRAMEBUS_STRESS"
"""In the environment of every process of a round, so that none is overlooked."""
_OURS = ("FRAMEBUS_", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "XDG_STATE_HOME")
_APART = ("unshare", "--user", "--map-root-user", "--net", "--mount", "--")
_WITH_LOOPBACK = ("sh", "-c", 'ip link set lo up && exec "$@"', "sh")


Going = Callable[[Claim, int], bool]
"""Asked before each further round of a claim, with its number from 0; False ends everything."""


def run(claims: Sequence[Claim], seed: int, *, seconds: float, rounds: int, going: Going) -> Iterator[Outcome]:
    """Try each of `claims`: at least one round, then more for its share of `seconds`, at most `rounds`.

    One that is lasting takes its share for one round; where that has no end, its rounds are as short as they can be.
    Round i has the seed `seed + i`. Gives each claim's outcome when it is tried; a claim without a round is left out.
    """
    end = time.monotonic() + seconds
    for index, claim in enumerate(claims):
        if not going(claim, 0):
            return
        share = max(0.0, end - time.monotonic()) / (len(claims) - index)
        yield _tried(claim, seed, time.monotonic() + share, rounds, going)


def _tried(claim: Claim, seed: int, until: float, rounds: int, going: Going) -> Outcome:
    outcome = Outcome(claim)
    for number in range(rounds):
        began = time.monotonic()
        lasts_s = max(0.0, until - began) if claim.lasting and until < math.inf else 0.0
        outcome.add(seed + number, played(claim, seed + number, lasts_s), time.monotonic() - began)
        each_s = outcome.seconds / (number + 1)
        if outcome.missing or time.monotonic() + each_s > until or not going(claim, number + 1):
            break
    return outcome


def played(claim: Claim, seed: int, lasts_s: float = 0.0, *, hung_s: float = HUNG_S) -> Round:
    """One round of `claim`: nothing of it is left afterwards, and what was left is a breach."""
    if claim.apart and (why := _no_namespaces()):
        return Round(missing=why)
    home = Path(tempfile.mkdtemp(prefix="fbs"))
    mark = secrets.token_hex(8)
    try:
        account = _account(claim, seed, home, mark, lasts_s, hung_s)
    finally:
        left = _ended(mark)
        shutil.rmtree(home, ignore_errors=True)
    if left and not account.breach:
        account.breach = "left running:\n  " + "\n  ".join(left)
    return account


def _account(claim: Claim, seed: int, home: Path, mark: str, lasts_s: float, hung_s: float) -> Round:
    command = [sys.executable, "-m", "framebus.stress.round", claim.module, str(seed), str(home), str(lasts_s)]
    said = home / "said"
    with said.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603  (our own module)
            [*_APART, *_WITH_LOOPBACK, *command] if claim.apart else command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=_environment(home, mark),
            start_new_session=True,
        )
        try:
            process.wait(lasts_s + hung_s)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGABRT)  # faulthandler then says where it is
            process.wait()
            return Round(breach=f"hung: over {hung_s:g} s\n{_tail(said)}")
        except BaseException:
            process.kill()
            process.wait()
            raise
    try:
        return msgspec.json.decode((home / ACCOUNT).read_bytes(), type=Round)
    except OSError:
        return Round(breach=f"the round ended with {process.returncode} and left no account\n{_tail(said)}")


def _environment(home: Path, mark: str) -> dict[str, str]:
    """Folders of its own, and none of the settings of whoever asked."""
    (home / "run").mkdir(mode=0o700)
    theirs = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
    return {
        **theirs,
        MARK: mark,
        "XDG_RUNTIME_DIR": str(home / "run"),
        "XDG_CONFIG_HOME": str(home / "config"),
        "XDG_STATE_HOME": str(home / "state"),
        "FRAMEBUS_KEYS": str(home / "keys"),
        "TMPDIR": str(home),
        "PYTHONUNBUFFERED": "1",
        "PYTHONFAULTHANDLER": "1",
    }


def _ended(mark: str) -> list[str]:
    """What a round left running does so no longer; a line for each."""
    _, alive = psutil.wait_procs(_marked(mark), timeout=GRACE_S)
    lines = [_described(process) for process in alive]
    for process in alive:
        with suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(alive, timeout=GRACE_S)
    return lines


def _marked(mark: str) -> list[psutil.Process]:
    return [process for process in psutil.process_iter() if _mark_of(process) == mark]


def _mark_of(process: psutil.Process) -> str | None:
    try:
        mark: str | None = process.environ().get(MARK)
        return mark
    except (psutil.Error, OSError):
        return None


def _described(process: psutil.Process) -> str:
    try:
        return f"{process.pid}: {' '.join(process.cmdline())[:200]}"
    except psutil.Error:
        return str(process.pid)


def _no_namespaces() -> str:
    """Why there can be no network and mounts of our own here; empty where there can."""
    for program, package in (("unshare", "util-linux"), ("ip", "iproute2")):
        if shutil.which(program) is None:
            return f"the program `{program}` is not here (Linux, package {package})"
    tried = subprocess.run([*_APART, "true"], capture_output=True, text=True, check=False)  # noqa: S603
    return f"no namespaces of our own here: {tried.stderr.strip()}" if tried.returncode else ""


def _tail(said: Path) -> str:
    return said.read_text(errors="replace")[-4000:]
