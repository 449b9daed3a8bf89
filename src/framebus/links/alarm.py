"""Sleeping on descriptors, where every microsecond of going to sleep is paid for each frame."""

from __future__ import annotations

import select


class Alarm:
    """Wakes its sleepers when one of the descriptors is readable. Any number of threads may sleep on it."""

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
