"""The callers of one endpoint who wait: asleep until its carrier has something or somebody rings."""

from __future__ import annotations

import select
import threading
import time

from framebus.core.bell import Bell

NOT_ALONE_S = 0.002
"""How long one of several sleeping threads sleeps: a wake-up reaches only one of them."""


class Slumber:
    """Used with the endpoint's lock held, which is given up while somebody sleeps."""

    def __init__(self, descriptor: int) -> None:
        self.count = 0
        """How many sleep now."""
        self._bell = Bell()
        self._alarm = _Alarm(descriptor, self._bell.fileno())

    def sleep(self, lock: threading.Lock, limit_s: float) -> None:
        """Sleep for `limit_s` seconds at most."""
        alarm = self._alarm
        self.count += 1
        if self.count > 1:
            limit_s = min(limit_s, NOT_ALONE_S)
        lock.release()
        try:
            if limit_s > 0:
                alarm.wait(limit_s)
        finally:
            lock.acquire()
            self.count -= 1
            self._bell.hush()

    def watch(self, descriptor: int) -> None:
        """From now on that descriptor; whoever sleeps on the old one wakes."""
        self._alarm = _Alarm(descriptor, self._bell.fileno())
        self._bell.ring()

    def wake(self) -> None:
        """Something was driven for others."""
        if self.count:
            self._bell.ring()

    def end(self) -> None:
        """Nobody sleeps here any more: wait until all have woken; without the lock."""
        self._bell.ring()
        while self.count:
            time.sleep(0.001)
        self._bell.close()


class _Alarm:
    """Wakes its sleepers when one of the descriptors is readable. Any number of threads may sleep on it.

    Every microsecond of going to sleep is paid for each frame.
    """

    def __init__(self, *descriptors: int) -> None:
        self._descriptors = descriptors
        self._poll: select.poll | None = None

    def wait(self, timeout_s: float) -> None:
        """Sleep until a descriptor is readable, a signal handler ran, or `timeout_s` is over."""
        if not hasattr(select, "poll"):
            select.select(self._descriptors, (), (), timeout_s)
            return
        poll, self._poll = self._poll or _poller(self._descriptors), None  # one thread at a time may use one
        try:
            poll.poll(max(1, int(timeout_s * 1000)))
        finally:
            self._poll = poll


def _poller(descriptors: tuple[int, ...]) -> select.poll:
    poll = select.poll()
    for descriptor in descriptors:
        poll.register(descriptor, select.POLLIN)
    return poll
