"""A second machine: a process with a network of its own, joined to the first by a virtual cable."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from framebus.testing.children import Child
from tests.conftest import StartChild

NEAR, FAR = "10.55.0.1", "10.55.0.2"
_APART = ["unshare", "--map-root-user", "--net"]
_JOINED = f"""
ip link set lo up
ip link add near type veth peer name far
ip address add {NEAR}/24 dev near
ip link set near up
mkfifo here ready
unshare --net sh -c 'echo > here; cat ready; ip link set lo up; ip address add {FAR}/24 dev far; ip link set far up
    %s' &
cat here
ip link set far netns $!
echo > ready
%s
"""


def two_machines(child: StartChild, near: str, far: str, *, cwd: Path, **env: str) -> Child:
    """Runs the shell script `far` at `FAR` beside `near` at `NEAR`, whose last job in the background that is.

    Python is `$PYTHON`. Skips the test where this system gives users no networks of their own.
    """
    if not _possible():
        pytest.skip("this system gives ordinary users no networks of their own")
    run = f"import os, sys; os.execvp('unshare', {[*_APART, 'sh', '-ec']!r} + [sys.argv[1]])"
    return child("-c", run, _JOINED % (far, near), cwd=cwd, env={"PYTHON": sys.executable, **env})


def _possible() -> bool:
    words = [*_APART, "ip", "link", "add", "near", "type", "veth", "peer"]
    try:
        return subprocess.run(words, capture_output=True, timeout=10).returncode == 0
    except OSError:
        return False
