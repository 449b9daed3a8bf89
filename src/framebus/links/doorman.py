"""Serves this process's admission from the reactor."""

from __future__ import annotations

import logging
import os
import threading

from framebus.links.admission import Admission, admission
from framebus.links.reactor import reactor

log = logging.getLogger("framebus")


class Doorman:
    """Answers ZeroMQ's questions about newcomers whenever there are any."""

    def __init__(self, served: Admission) -> None:
        self.scheduled = float("inf")
        self._served = served

    def hot_until(self, now: float) -> float:
        """Never: nobody else does this."""
        return 0.0

    def turn(self, now: float) -> float | None:
        """Answer."""
        for refusal in self._served.drive():
            log.warning("a connection from %s was refused: %s", refusal.address, refusal.reason)
        return None


class _Process:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.on_duty = False

    def forget(self) -> None:
        self.lock = threading.Lock()
        self.on_duty = False


_process = _Process()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_process.forget)


def on_duty() -> Admission:
    """This process's admission, being served."""
    with _process.lock:
        served = admission()
        if not _process.on_duty:
            _process.on_duty = True
            reactor().watch(Doorman(served), served.fileno())
        return served
