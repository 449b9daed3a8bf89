"""Mounts and networks of our own, inside the namespaces of a round that is played apart."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import Self

from framebus.stress.trial import NotHere

OURS, THEIRS = "10.77.0.1", "10.77.0.2"
"""Addresses of the two sides."""


def system(*words: str) -> None:
    """Run a program of the system. Raises `NotHere` with what it says where it fails."""
    done = subprocess.run(words, capture_output=True, text=True, check=False)  # noqa: S603  (words of our own)
    if done.returncode:
        raise NotHere(f"{' '.join(words)}: {done.stderr.strip()}")


class OtherSide:
    """A second network with one cable to ours; `inside` is how to start Python there."""

    def __init__(self) -> None:
        self._holder = subprocess.Popen(
            ["unshare", "--net", "--", sys.executable, "-c", "import sys; sys.stdin.read()"],  # noqa: S607
            stdin=subprocess.PIPE,
        )

    @property
    def inside(self) -> tuple[str, ...]:
        """Before the name of a module and its arguments: runs it on the other side."""
        return ("-m", "framebus.stress.inside", str(self._holder.pid))

    def __enter__(self) -> Self:
        while os.readlink(f"/proc/{self._holder.pid}/ns/net") == os.readlink("/proc/self/ns/net"):
            time.sleep(0.01)
        system("ip", "link", "add", "cable", "type", "veth", "peer", "name", "cable", "netns", str(self._holder.pid))
        system("ip", "address", "add", f"{OURS}/24", "dev", "cable")
        system("ip", "link", "set", "cable", "up")
        self._there("ip", "address", "add", f"{THEIRS}/24", "dev", "cable")
        self._there("ip", "link", "set", "lo", "up")
        self.heal()
        return self

    def __exit__(self, *error: object) -> None:
        self._holder.kill()
        self._holder.communicate()

    def cut(self) -> None:
        """Nothing passes, and no connection is told."""
        self._there("ip", "link", "set", "cable", "down")

    def heal(self) -> None:
        """Everything passes."""
        self._there("ip", "link", "set", "cable", "up")

    def _there(self, *words: str) -> None:
        system("nsenter", "--net", "--target", str(self._holder.pid), "--", *words)
