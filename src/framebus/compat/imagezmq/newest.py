"""The newest picture of each text: a thread takes everything in as it comes, so that nothing old waits anywhere."""

from __future__ import annotations

import json
import select
import threading
import time

import zmq

from framebus.core.bell import Bell
from framebus.core.errors import Closed
from framebus.links.sockets import Socket

SLICE_S = 0.5
MAX_TEXTS = 64
"""Texts that change all the time (times of day) name no cameras: beyond so many only the newest of all is kept."""


class Newest:
    """Empties `socket`, which everybody uses with `lock` held; `take` from one thread at a time."""

    def __init__(self, socket: Socket, lock: threading.Lock) -> None:
        self._socket = socket
        self._lock = lock
        self._news = threading.Condition()
        self._kept: dict[str, list[zmq.Frame]] = {}
        self._over = False
        self._bell = Bell()
        self._thread = threading.Thread(target=self._run, name="framebus-imagezmq", daemon=True)
        self._thread.start()

    def look(self) -> None:
        """Somebody used the socket: its descriptor tells nothing about what came meanwhile."""
        self._bell.ring()

    def take(self, timeout: float | None) -> list[zmq.Frame] | None:
        """The parts that waited longest, of those that are still the newest of their text; None after `timeout`."""
        until = None if timeout is None else time.monotonic() + timeout
        with self._news:
            while not self._kept:
                if self._over:
                    raise Closed("this ImageHub is closed")
                left = SLICE_S if until is None else until - time.monotonic()
                if left <= 0:
                    return None
                self._news.wait(min(left, SLICE_S))
            return self._kept.pop(next(iter(self._kept)))

    def close(self) -> None:
        """End the thread; idempotent."""
        with self._news:
            if self._over:
                return
            self._over = True
            self._news.notify_all()
        self._bell.ring()
        self._thread.join()
        self._bell.close()

    def _run(self) -> None:
        poll = select.poll()
        poll.register(int(self._socket.get(zmq.FD)), select.POLLIN)
        poll.register(self._bell.fileno(), select.POLLIN)
        while not self._over:
            self._bell.hush()
            self._empty()
            poll.poll()

    def _empty(self) -> None:
        """Take in all there is: ZeroMQ's descriptor speaks up again only for what comes after."""
        while not self._over:
            with self._lock:
                try:
                    parts = self._socket.recv_multipart(zmq.DONTWAIT, copy=False)
                except zmq.Again:
                    return
            with self._news:
                self._keep(parts)
                self._news.notify_all()

    def _keep(self, parts: list[zmq.Frame]) -> None:
        """In the place of its predecessor, if that still waits."""
        text = _text(parts[0].bytes)
        if text not in self._kept and len(self._kept) >= MAX_TEXTS:
            self._kept.clear()
        self._kept[text] = parts


def _text(head: bytes) -> str:
    try:
        return str(json.loads(head)["msg"])
    except (ValueError, TypeError, KeyError, RecursionError):
        return ""
