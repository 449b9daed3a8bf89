"""The writing end of a link: drives a publisher session and takes frames for it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import msgspec
import numpy as np
import numpy.typing as npt

from framebus.core import clock
from framebus.core.contracts import Done, Item, SourceState
from framebus.core.errors import BadFrame, Timeout
from framebus.core.frame import Identity
from framebus.core.statistics import ReaderInfo, Stats
from framebus.links.carrier import Carrier
from framebus.links.endpoint import Endpoint
from framebus.links.patience import Patience
from framebus.memory import room
from framebus.session.audience import ANONYMOUS
from framebus.session.outgoing import Peer
from framebus.session.publisher import PublisherSession
from framebus.session.status import publisher_status
from framebus.wire import control, header, replies

LINGER_MS = 500
CONFIRM_S = 1.0
ASLEEP_S = 0.0003
"""After such a pause between frames readers have probably gone to sleep."""
LARGE_BYTES = 1_000_000
DRIVE_S = 0.005
"""How often a caller whose frames leave at once looks for what came: the reader it has just woken may be waiting for
this very processor, so what can be left is left."""


_yield: Callable[[], None] = getattr(os, "sched_yield", lambda: None)

OnAnswer = Callable[[Identity, control.Reply, Sequence[npt.NDArray[Any]]], None]
"""Told each answer, with its arrays as read-only views in the order of `Reply.arrays`. Called in whichever thread
drives the link, under its lock: it must be quick and not call back into the link."""


class WritingEnd(Endpoint[PublisherSession]):
    """Drives a publisher session and takes frames for it."""

    def __init__(
        self,
        session: PublisherSession,
        where: str,
        dial: Callable[[int], Carrier],
        *,
        peers: int = 1,
        may_move: bool = False,
        on_reply: OnAnswer | None = None,
    ) -> None:
        super().__init__(session, where, dial, peers=peers, may_move=may_move)
        self._on_reply = on_reply
        self._spools = session.audience.retention.lasts
        self._drive_at = 0.0
        self._sent_at = 0.0
        self._large = False
        """Frames are so large that acknowledgements are looked at before each: memory used again soon is in the
        processor's cache."""
        self._caught_up = False
        room.join(self)
        if on_reply is not None:
            session.on_reply = self._answered
        self.stats = Stats()
        self.states: Callable[[], Mapping[str, SourceState]] = dict
        """How the cameras and links are from which frames come, by the names they are published under."""
        session.on_status = self._rates
        session.tidings.troubles = self._troubles
        session.on_leases = lambda peer: self._carrier.leases(peer)

    @property
    def shares(self) -> bool:
        """True while pixels in shared memory reach a reader without a copy."""
        return self._carrier.shares and not self._state

    def _answered(self, identity: Identity, reply: control.Reply, payload: memoryview | None) -> None:
        if self._on_reply is not None:
            self._on_reply(identity, reply, replies.read(reply.arrays, payload))

    def skip(self, stream: str, run: int) -> bool:
        """Count a frame where nobody is there to take it: the fast way; False when somebody is."""
        with self._lock:
            if self._state or not self.session.idle or self._refusal is not None:
                return False
            if stream not in self.session.audience.streams:
                self._announce(stream)
            self.session.skip(stream, run)
            return True

    def send(self, make: Callable[[PublisherSession], Item], done: Done | None) -> None:
        """Send what `make` makes, once it may be sent; `make` runs under the lock, so numbers follow the sending."""
        with self._lock:
            now = time.monotonic()
            self._check()
            if self._large and not self._caught_up:
                self._drive_as_caller(now)
            self._caught_up = False
            if not self.session.started():
                now = self._wait(self.session.started, None, self._missing_text)
            item = make(self.session)
            if self._blocked(item):
                self.session.nudge()
                now = self._wait(lambda: not self._blocked(item), self.session.rules.patience_s, self._blocked_text)
            self.session.offer(item, now, done)
            self._flush(now)
            self._make_way(now)
            if now >= self._drive_at or self.session.waits:
                self._drive_at = now + DRIVE_S
                self._drive_as_caller(now)
            self._large = item.nbytes >= LARGE_BYTES
            self._count(item)
            self._leave_hot(now)

    def _make_way(self, now: float) -> None:
        """Let a reader that was asleep look at the frame: it is often put on the processor of whoever woke it.

        Not where every frame matters: there is more to send, and that comes sooner.
        """
        if self.session.rules.live and now - self._sent_at >= ASLEEP_S:
            _yield()
        self._sent_at = now

    def make_room(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> npt.NDArray[Any]:
        """A writable array, in shared memory where that spares a copy."""
        if not self.shares:
            return np.empty(shape, dtype)
        if self._large:
            with self._lock:
                if not self._state:
                    self._drive_as_caller(time.monotonic())
                    self._caught_up = True
        return room.shared(shape, dtype)

    def _blocked(self, item: Item) -> bool:
        return self.session.audience.blocked_by(item.nbytes, item.stream) is not None

    def _count(self, item: Item) -> None:
        if item.stream not in self.stats.streams:
            self._announce(item.stream)
        self.stats.count(item)

    def _announce(self, stream: str) -> None:
        """Let this machine know of a new stream: by its name readers find who publishes it."""
        if self.entry is not None and stream not in self.entry.record.streams:
            self.entry.update(streams=(*self.entry.record.streams, stream))

    def _wait(self, ready: Callable[[], bool], timeout: float | None, text: Callable[[], str]) -> float:
        """Until `ready`; the time then. Raises `Timeout` when nobody took anything for `timeout` seconds.

        `text` says what is waited for.
        """
        patience = Patience(timeout)
        owed = self.session.audience.owed_bytes
        while True:
            now = time.monotonic()
            self._check()
            self._drive_as_caller(now)
            if ready():
                return now
            if (left := self.session.audience.owed_bytes) < owed:
                owed = left
                patience.renew(now)
            if patience.over(now):
                advice = "raise patience (--patience) or retain (--retain), or say when_full='skip' (--when-full skip)"
                raise Timeout(f"{text()}; nothing was taken for {patience.text}: {advice}")
            patience.say_once(now, text)
            self._sleep(patience.until(now))

    def _missing_text(self) -> str:
        missing = self.session.audience.missing()
        count, there = self.session.rules.wait_for, len(self.session.audience.members)
        readers = "a reader" if count == 1 else f"{count} readers, {there} there"
        return f"{self.address}: waiting for {', '.join(missing) or readers}"

    def _blocked_text(self) -> str:
        audience = self.session.audience
        owing = audience.owing(stoppers_only=True) or audience.owing()
        named = ", ".join(name for name in owing if not name.startswith(ANONYMOUS)) or "a reader"
        return f"{self.address}: waiting for {named} to take what is owed ({audience.retention.nbytes:,} bytes)"

    def finish(self) -> None:
        """Wait for what is owed, tell readers the end, free everything.

        A spool keeps what is owed to those who are away, or take nothing, for a successor.
        """
        try:
            with self._lock:
                if self._state:
                    return
                self.session.close(time.monotonic())
                self._flush(time.monotonic())
                self._settle_up()
                self.session.audience.conclude()
        finally:
            self.shut("this publisher is closed", LINGER_MS)

    def _flush(self, now: float) -> None:
        super()._flush(now)
        if self._spools:
            self.session.put_away()

    def _free(self) -> None:
        self.session.audience.retention.close()

    def disown(self) -> None:
        super().disown()
        self.session.audience.retention.disown()

    def _settle_up(self) -> None:
        audience = self.session.audience
        patience = self.session.rules.patience_s
        try:
            self._wait(lambda: not audience.owing(), patience, self._blocked_text)
        except Timeout:
            if audience.owing(stoppers_only=True):
                raise
        self._drive_until(lambda: self.session.finished, time.monotonic() + CONFIRM_S)

    def abandon(self) -> None:
        """Stop without an end."""
        self.shut("this publisher was abandoned", LINGER_MS)

    def present(self) -> int:
        """How many readers are connected now."""
        with self._lock:
            return len(self.session.audience.members)

    def readers(self) -> list[ReaderInfo]:
        """Who reads, what they missed and are owed."""
        with self._lock:
            status = publisher_status(self.session)
        return [
            ReaderInfo(
                name=reader["group"],
                pid=reader.get("pid", 0),
                command=reader.get("command", ""),
                keep=reader["keep"],
                missed=reader["missed"],
                owed=reader["owed"],
                credit=reader.get("credit", 0),
                leases=reader.get("leases", 0),
                away=reader["away"],
            )
            for reader in status["readers"]
        ]

    def _rates(self) -> dict[str, dict[str, Any]]:
        found = {name: stream.snapshot() for name, stream in self.stats.streams.items()}
        for name, state in self.states().items():
            found[name] = {**found.get(name, {}), "state": msgspec.to_builtins(state)}
        return found

    def _troubles(self) -> dict[str, control.StreamCondition]:
        """The streams that should come and do not."""
        return {name: _condition(name, state) for name, state in self.states().items() if state.state != "live"}

    def _on_control(self, peer: Peer, message: control.Message, now: float) -> None:
        self.session.received(peer, message, None, now)
        if isinstance(message, control.Hello):
            self._carrier.admit(peer)

    def _on_pair(self, peer: Peer, head: memoryview, payload: memoryview, now: float) -> None:
        message = control.decode(head) if header.is_native(head) else None
        if not isinstance(message, control.Reply):
            raise BadFrame("this end publishes: it takes no frames")
        self.session.received(peer, message, payload, now)


def _condition(name: str, state: SourceState) -> control.StreamCondition:
    for_s = max(0.0, (clock.utc_ns() - state.since_ns) * 1e-9) if state.since_ns else 0.0
    word: Literal["stalled", "away"] = "away" if state.state == "away" else "stalled"
    return control.StreamCondition(name=name, state=word, why=state.why[: control.MAX_WHY], for_s=round(for_s, 1))
