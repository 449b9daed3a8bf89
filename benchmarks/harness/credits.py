"""The same loss-free window for every transport: readers return one credit per frame on a pipe of the harness."""

from __future__ import annotations

import os
import select
import struct
import time

from benchmarks.harness.frames import PROBE

_CREDIT = struct.Struct("<qq")


class CreditWriter:
    """A reader's end: `give` a credit for each frame, with the time at which it was a usable array."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def give(self, number: int, received_ns: int) -> None:
        """Frame `number` was usable at `received_ns` (CLOCK_MONOTONIC)."""
        os.write(self._descriptor, _CREDIT.pack(number, received_ns))


class Credits:
    """A sender's end: who has taken what, how late it was, and what never came."""

    def __init__(self, descriptors: list[int]) -> None:
        self._newest = dict.fromkeys(descriptors, PROBE)
        self._joined: set[int] = set()
        self._poll = select.poll()
        for descriptor in descriptors:
            self._poll.register(descriptor, select.POLLIN)
        self.forget()

    @property
    def readers(self) -> int:
        """How many readers there are."""
        return len(self._newest)

    def forget(self) -> None:
        """Start counting anew: after the warm-up."""
        self.sent_ns: dict[int, int] = {}
        self.late_ns: list[int] = []
        self.received = 0

    def sent(self, number: int) -> None:
        """Note that frame `number` is about to be sent."""
        self.sent_ns[number] = time.monotonic_ns()

    def all_joined(self, timeout: float) -> bool:
        """Whether every reader has seen a probe, waiting up to `timeout` seconds for it."""
        deadline = time.monotonic() + timeout
        while len(self._joined) < len(self._newest) and time.monotonic() < deadline:
            self._collect(deadline - time.monotonic())
        return len(self._joined) == len(self._newest)

    def wait(self, number: int, timeout: float) -> bool:
        """Wait until every reader has taken frame `number`; False (and go on) when one has not in time."""
        deadline = time.monotonic() + timeout
        while min(self._newest.values()) < number:
            if not self._collect(deadline - time.monotonic()):
                self._give_up(number)
                return False
        return True

    def _give_up(self, number: int) -> None:
        for descriptor, newest in self._newest.items():
            self._newest[descriptor] = max(newest, number)

    def _collect(self, timeout: float) -> bool:
        ready = self._poll.poll(max(0.0, timeout * 1000))
        for descriptor, _ in ready:
            credits = os.read(descriptor, _CREDIT.size * 256)
            if not credits:
                raise EOFError("a reader died")
            for number, received_ns in _CREDIT.iter_unpack(credits):
                self._take(descriptor, number, received_ns)
        return bool(ready)

    def _take(self, descriptor: int, number: int, received_ns: int) -> None:
        if number == PROBE:
            self._joined.add(descriptor)
        elif number in self.sent_ns:
            self._newest[descriptor] = max(self._newest[descriptor], number)
            self.late_ns.append(received_ns - self.sent_ns[number])
            self.received += 1
