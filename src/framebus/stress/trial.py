"""One round of a claim: its chance, its folder, its processes, and what came out."""

from __future__ import annotations

import os
import random
import socket
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NoReturn

from framebus.stress.outcomes import Figure, Round
from framebus.testing.children import Child


class Breach(Exception):  # noqa: N818  (no error of framebus: the end of a round)
    """The promise was broken; the text says how."""


class NotHere(Exception):  # noqa: N818
    """This machine cannot try it; the text says what is missing."""


class Trial:
    """Handed to each `attempt`; one thread."""

    def __init__(self, seed: int, folder: Path, seconds: float = 0.0) -> None:
        """`seconds`: for how long a lasting round goes on."""
        self.chance = random.Random(seed)  # noqa: S311  (for tests, not for keys)
        self.folder = folder
        """Empty; removed after the round."""
        self._until = time.monotonic() + seconds
        self._counts: Counter[str] = Counter()
        self._figures: dict[str, Figure] = {}
        self._children: list[Child] = []

    @property
    def goes_on(self) -> bool:
        """True while a lasting round has time left."""
        return time.monotonic() < self._until

    def count(self, what: str, number: int = 1) -> None:
        """So many more of it: `kills`, `images`, `lost`."""
        self._counts[what] += number

    def measure(self, what: str, value: float, unit: str, *, most: float | None = None) -> None:
        """One more value; `most` is what 99 of 100 may not exceed, judged where times are to be judged."""
        figure = self._figures.setdefault(what, Figure(unit, most))
        figure.values.append(value)

    def check(self, holds: object, otherwise: str) -> None:
        """Raise `Breach` with that text unless it holds."""
        if not holds:
            raise Breach(otherwise)

    def cannot(self, why: str) -> NoReturn:
        """Raise `NotHere`: this machine cannot try it."""
        raise NotHere(why)

    def wait_until(self, condition: Callable[[], object], what: str, timeout_s: float = 60.0) -> None:
        """Return as soon as it holds; a breach where it does not in time: `what` never happened."""
        deadline = time.monotonic() + timeout_s
        while not condition():
            self.check(time.monotonic() < deadline, f"in {timeout_s:g} s it never was so that {what}")
            time.sleep(0.005)

    def python(self, *arguments: str | Path, cwd: Path | None = None, env: Mapping[str, str] | None = None) -> Child:
        """Start Python with these arguments; it ends with the round."""
        self._children.append(Child(*arguments, stdin=None, cwd=cwd or self.folder, env=env or {}))
        return self._children[-1]

    def framebus(self, *arguments: str | Path, env: Mapping[str, str] | None = None) -> Child:
        """Start the `framebus` command in the folder; it ends with the round."""
        return self.python("-m", "framebus", *arguments, env=env)

    def port(self) -> int:
        """A loopback TCP port that nobody listens on, outside the range of outgoing connections."""
        while True:
            port = self.chance.randrange(12_000, 32_000)
            with socket.socket() as probe:
                try:
                    probe.bind(("127.0.0.1", port))
                except OSError:
                    continue
            return port

    def finish(self) -> list[str]:
        """End all programs; those that outlived who started them."""
        return [orphan for program in self._children for orphan in program.finish()]

    def result(self, *, breach: str = "", missing: str = "") -> Round:
        """The account of this round."""
        return Round(dict(self._counts), self._figures, breach=breach, missing=missing)


def root() -> bool:
    """Whether this process may do everything, so that permissions forbid it nothing."""
    return hasattr(os, "geteuid") and os.geteuid() == 0
