"""Worker processes of this one are struck by signals at random moments."""

from __future__ import annotations

import os
import random
import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import Self

import psutil

LONGEST_S = 0.15
"""Between two blows."""


class Striking(threading.Thread):
    """While its block runs: up to `most` signals, each one of `blows`, to any child of this process."""

    def __init__(self, chance: random.Random, most: int, blows: Sequence[int]) -> None:
        super().__init__(name="striking", daemon=True)
        self._chance = chance
        self._most = most
        self._blows = blows
        self._over = threading.Event()
        self.kills = 0

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        self.join()

    def run(self) -> None:
        """Until the block ends, or there were enough."""
        while self.kills < self._most and not self._over.wait(self._chance.uniform(0.0, LONGEST_S)):
            if children := psutil.Process().children():
                with suppress(ProcessLookupError):
                    os.kill(self._chance.choice(children).pid, self._chance.choice(self._blows))
                    self.kills += 1
