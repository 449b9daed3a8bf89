"""What systemd is told by a service of type `notify`: ready, alive, stopping, and how it is."""

from __future__ import annotations

import os
import socket
import time
from contextlib import suppress

SOCKET, WATCHDOG, PID = "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"


class Notifying:
    """Tells whoever started this process; does nothing where nobody asked to be told. One thread."""

    def __init__(self) -> None:
        self._address = os.environ.get(SOCKET, "").replace("@", "\0", 1)
        self._every_s = _half_of_watchdog_s()
        self._next = 0.0

    def ready(self) -> None:
        """It has started: whoever waits for it may go on."""
        self._tell("READY=1")

    def alive(self, status: str = "") -> None:
        """Call this as often as you like while all is well; a watchdog hears it twice in its time."""
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + self._every_s
            self._tell("WATCHDOG=1" + (f"\nSTATUS={status}" if status else ""))

    def stopping(self) -> None:
        """It is about to end, as it should."""
        self._tell("STOPPING=1")

    def _tell(self, text: str) -> None:
        if not self._address:
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line, suppress(OSError):
            line.setblocking(False)
            line.sendto(text.encode(), self._address)


def _half_of_watchdog_s() -> float:
    """Half the time that a watchdog waits; ten seconds where there is none."""
    meant = os.environ.get(PID, str(os.getpid())) == str(os.getpid())
    asked = os.environ.get(WATCHDOG, "")
    return int(asked) / 2e6 if meant and asked.isdigit() and int(asked) > 0 else 10.0
