"""The two loops every transport is measured with: one that sends within a window, one that receives for ever."""

from __future__ import annotations

import time
from dataclasses import dataclass

from benchmarks.harness.credits import Credits, CreditWriter
from benchmarks.harness.frames import PROBE, Frames, number_of
from benchmarks.peers.base import Receive, Send

_LOST_AFTER_S, _SLOWEST_BYTES_PER_S = 0.25, 10e6
_FEWEST_FRAMES = 6
_MOST_LOSSES = 3


@dataclass(frozen=True)
class Budget:
    """How long one measurement may take: `seconds` or `frames`, whichever is first, `window` frames in flight.

    With a pause the sender sleeps so long before each frame, whatever the transport did in the meantime.
    """

    seconds: float
    frames: int
    window: int
    pause_s: float = 0.0


@dataclass
class Flow:
    """What one measurement saw."""

    sent: int
    lost: int
    seconds: float
    late_ns: list[int]


def join(send: Send, frames: Frames, credits: Credits, patience_s: float = 10.0) -> None:
    """Send probes until every reader has answered one: publishers that need a moment to meet theirs get it."""
    deadline, pause_s = time.monotonic() + patience_s, 0.02
    while time.monotonic() < deadline:
        send(frames.numbered(PROBE))
        if credits.all_joined(pause_s):
            return
        pause_s *= 2  # large frames must not pile up before a slow reader
    raise TimeoutError(f"not every reader joined within {patience_s:g} s")


class Driver:
    """Sends numbered frames, never more than the window ahead of the slowest reader.

    A frame that has not come back after a while is lost; a transport that loses several is not measured on.
    """

    def __init__(self, send: Send, frames: Frames, credits: Credits) -> None:
        self._send, self._frames, self._credits = send, frames, credits
        self._lost_after_s = _LOST_AFTER_S + frames.nbytes / _SLOWEST_BYTES_PER_S
        self._number = PROBE
        self._losses = 0

    def drive(self, budget: Budget) -> Flow:
        """Send until the budget is spent and everything has arrived or is lost."""
        self._credits.forget()
        self._losses = 0
        first, began = self._number + 1, time.monotonic()
        while self._wants_more(budget, first, began):
            self._step(budget)
        self._credits.wait(self._number, self._lost_after_s)
        seconds = time.monotonic() - began
        sent = self._number + 1 - first
        return Flow(sent, sent * self._credits.readers - self._credits.received, seconds, self._credits.late_ns)

    def _wants_more(self, budget: Budget, first: int, began: float) -> bool:
        sent, elapsed = self._number + 1 - first, time.monotonic() - began
        if sent >= budget.frames or elapsed > budget.seconds * 10 or self._losses >= _MOST_LOSSES:
            return False
        return sent < _FEWEST_FRAMES or elapsed < budget.seconds

    def _step(self, budget: Budget) -> None:
        self._number += 1
        self._losses += not self._credits.wait(self._number - budget.window, self._lost_after_s)
        if budget.pause_s:
            time.sleep(budget.pause_s)
        frame = self._frames.numbered(self._number)
        self._credits.sent(self._number)
        self._send(frame)


def receive_for_ever(receive: Receive, writer: CreditWriter) -> None:
    """Take frames and give a credit for each, until killed.

    A frame is timed while it is in hand, and given back before its credit: nobody pays for it in the next one.
    """
    while True:
        frame = receive()
        number, received_ns = number_of(frame), time.monotonic_ns()
        del frame
        writer.give(number, received_ns)
