"""Carries messages from the outbox to the hubs, and sends heartbeats, in a thread of its own."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from framebus.compat.imagenode import node_messages
from framebus.compat.imagenode.hubs import Hubs
from framebus.compat.imagenode.node_messages import Message
from framebus.compat.imagenode.unsent import Outbox
from framebus.core.errors import BadFrame

PAUSE_S = 2.0
"""Between attempts while no hub answers."""

log = logging.getLogger("framebus")


class Courier:
    """Sends what is in `outbox` until that is closed and empty.

    A message that no hub takes is tried again until one does, or until `leave`.
    """

    def __init__(
        self,
        outbox: Outbox,
        hubs: Hubs,
        *,
        node: str,
        heartbeat_s: float | None = None,
        pause_s: float = PAUSE_S,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self.sent = 0
        """Messages that a hub took, heartbeats among them."""
        self._outbox, self._hubs = outbox, hubs
        self._node = node
        self._heartbeat_s = heartbeat_s
        self._pause_s = pause_s
        self._monotonic_s = monotonic_s
        self._beats_s = monotonic_s()
        self._leaving = threading.Event()
        self._thread = threading.Thread(target=self._run, name="framebus courier", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wait(self, timeout_s: float) -> bool:
        """Wait until the outbox is closed and everything in it was sent, at most `timeout_s`; whether it was."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def leave(self) -> None:
        """Try no more; an answer that is waited for at this moment may still come."""
        self._leaving.set()

    def _run(self) -> None:
        try:
            while not (self._leaving.is_set() or self._outbox.finished):
                message = self._outbox.take(self._until_heartbeat())
                if message is not None:
                    self._deliver(message)
                if self._until_heartbeat() == 0:
                    self._beats_s = self._monotonic_s()
                    self._deliver(node_messages.heartbeat(self._node))
        finally:
            self._hubs.close()

    def _deliver(self, message: Message) -> None:
        try:
            while not self._hubs.send(message):
                if self._leaving.wait(self._pause_s):
                    return
        except BadFrame as error:
            log.warning("%s is not sent: %s", message.text, str(error))
            return
        self.sent += 1

    def _until_heartbeat(self) -> float | None:
        if self._heartbeat_s is None:
            return None
        return max(0.0, self._beats_s + self._heartbeat_s - self._monotonic_s())
