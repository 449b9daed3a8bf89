"""The reading end of a link."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from msgspec.structs import force_setattr

from framebus.core.bell import Bell
from framebus.core.contracts import Item, SourceState
from framebus.core.errors import BadFrame, Error, Timeout
from framebus.core.frame import Frame
from framebus.core.statistics import Stats
from framebus.links.carrier import Carrier
from framebus.links.connection import Parcel, Parts
from framebus.links.endpoint import Endpoint
from framebus.links.others import DEAF, FRAMEBUS_SOCKETS, Others
from framebus.links.patience import Patience
from framebus.links.presence import Presence
from framebus.links.reminder import Reminder
from framebus.memory import room
from framebus.session.outgoing import Peer, Verb
from framebus.session.reader import ReaderSession
from framebus.wire import control, header, replies

LINGER_MS = 300
FAREWELL_S = 0.5
BETWEEN_PICTURES_S = 0.1
"""For how long a hub that closes waits for one more picture of each old sender."""


class ReadingEnd(Endpoint[ReaderSession]):
    """Drives a reader session and hands out its frames."""

    def __init__(
        self,
        session: ReaderSession,
        where: str,
        dial: Callable[[int], Carrier],
        *,
        peers: int = 1,
        may_move: bool = False,
        wanted: str = "",
        dialect: str = "",
        by_hand: bool = False,
    ) -> None:
        """`dialect`: other systems may send in this one alone. `by_hand`: the user answers them."""
        self._spoken = f"{dialect}+" if dialect else ""
        super().__init__(session, where, dial, peers=peers, may_move=may_move)
        self.stats = Stats()
        self._others = Others(session, dialect, by_hand=by_hand) if session.calling is None else None
        self._wanted = wanted
        self._ready: Bell | None = None
        self._reader = threading.Lock()
        self._turn = False
        self._presence = Presence(session, self._others, self.stats)
        self._waits = Reminder()
        self._tail_told: dict[str, int] = {}

    @property
    def address(self) -> str:
        """As `Endpoint.address`, with the dialect that is spoken there."""
        found = super().address
        return found if found.startswith(self._spoken) else f"{self._spoken}{found}"

    def take(self, timeout: float | None) -> Item | None:
        """See `Source.take`."""
        if not self._reader.acquire(blocking=False):
            raise Error(f"{self.where}: another thread is reading this source; open one source for each thread")
        try:
            return self._take(timeout)
        finally:
            self._reader.release()

    def _take(self, timeout: float | None) -> Item | None:
        patience = Patience(timeout)
        with self._lock:
            self._check()
            self._presence.asked()
            now = time.monotonic()
            item = self._next()
            while item is None:
                self._drive_as_caller(now)
                self._check()
                item = self._next()
                if item is not None or self.session.finished:
                    break
                if patience.over(now):
                    self._leave(now, None)
                    raise Timeout(self._in_vain(patience.text))
                patience.say_once(now, self._waiting_text)
                self._flush(now)
                if self.session.idle(now):
                    self._tick_at = min(self._tick_at, self.session.deadline(now) or self._tick_at)
                self._sleep(patience.until(now))
                self._check()
                now = time.monotonic()
            self._leave(now, item)
            return item

    def _next(self) -> Item | None:
        """Frames of framebus and of others, in turn where both are here."""
        others = self._others
        if others is None or not others.waiting:
            return self.session.take()
        self._turn = not self._turn
        return (others.take() or self.session.take()) if self._turn else (self.session.take() or others.take())

    def _leave(self, now: float, item: Item | None) -> None:
        self._flush(now)
        self._count(item)
        self._show_ready()
        self._leave_hot(now)

    def _count(self, item: Item | None) -> None:
        if item is not None:
            self.stats.count(item)
            self._presence.given()
            if self._wanted and isinstance(item, Frame):
                force_setattr(item, "wanted", self._wanted)
        elif self.session.finished:
            self._count_tail()

    def _count_tail(self) -> None:
        """Frames missed at the very end, of which no later frame tells."""
        for stream, missed in self.session.missed_at_end.items():
            self.stats.miss(stream, missed - self._tail_told.get(stream, 0))
        self._tail_told = dict(self.session.missed_at_end)

    def done(self, item: Item) -> None:
        """See `Source.done`."""
        with self._lock:
            if not self._state:
                now = time.monotonic()
                if self._others is not None and self._others.done(item.identity):
                    self._flush(now)
                    return
                self.session.done(item.identity, now)
                if self._slumber.count:  # somebody else asked for the next one, and sleeps until it comes
                    self.session.ask()
                if self.session.out:
                    self._flush(now)

    @property
    def lossless(self) -> bool:
        """See `Source.lossless`."""
        with self._lock:
            return self.session.lossless

    def owes(self, item: Item) -> bool:
        """See `Source.owes`."""
        with self._lock:
            return self.session.is_owed(item.identity)

    def shared(self, stream: str) -> bool:
        """See `Source.shared`."""
        with self._lock:
            return self.session.is_shared(stream)

    def asker(self, item: Item) -> str:
        """Who published `item`, while it is in hand; empty where that is not known any more."""
        with self._lock:
            addressed = self.session.addressed(item.identity)
            return addressed[0] if addressed is not None else ""

    def away_s(self, asker: str) -> float:
        """How long the link to an asker has been broken; infinite for one that took leave or is not known."""
        with self._lock:
            feed = self.session.feeds.get(asker)
            if feed is None or feed.ended:
                return math.inf
            return 0.0 if feed.away_since is None else time.monotonic() - feed.away_since

    def may(self, asker: str, right: Verb, name: str) -> bool:
        """Whether the asker's key, where keys are used, allows it."""
        with self._lock:
            feed = self.session.feeds.get(asker)
            peer = None if feed is None else feed.peer
            rights = None if peer is None else self.session.guests.rights(peer)
            return rights is None or rights.allows(right, name)

    def reply(self, item: Item, data: Any, arrays: replies.Named, error: str) -> None:
        """Acknowledge `item` with an answer; nothing happens where whoever asked has gone."""
        described, nbytes = replies.describe(arrays)
        payload = room.shared((nbytes,), np.dtype(np.uint8)).data
        replies.place(payload, described, arrays)
        with self._lock:
            self._check()
            now = time.monotonic()
            addressed = self.session.addressed(item.identity)
            if addressed is None:
                return
            session, frame = addressed
            answer = control.Reply(session=session, frame=frame, data=data, arrays=tuple(described), error=error)
            peer = self.session.reply(item.identity, answer, now)
            if peer is not None:
                head = control.encode(answer)
                self._carrier.send(peer, Parcel(head, payload.toreadonly()) if arrays else head)
            self._flush(now)

    def answer(self, item: Item, data: bytes) -> None:
        """Answer a sender of another system with one part; framebus, where it waits for that, with the same as text."""
        with self._lock:
            self._check()
            if self._others is not None and self._others.answer(item.identity, data):
                self._flush(time.monotonic())
                return
        self.reply(item, data.decode("latin-1"), (), "")

    def fileno(self) -> int:
        """See `Source.fileno`."""
        with self._lock:
            self._check()
            if self._ready is None:
                self._ready = Bell()
                self.session.look_ahead()
                self._drive(time.monotonic())
                self._show_ready()
            return self._ready.fileno()

    def _show_ready(self) -> None:
        if self._ready is not None:
            if self._is_ready() or self._state:
                self._ready.ring()
            else:
                self._ready.hush()

    @property
    def _leisure_s(self) -> float:
        """None where the user sleeps on our descriptor: then only the reactor can tell that something came."""
        return self.session.leisure_s if self._ready is None else 0.0

    def _free(self) -> None:
        if self._ready is not None:
            self._ready.close()

    def _is_ready(self) -> bool:
        waiting = bool(self.session.inbox) or (self._others is not None and self._others.waiting)
        return waiting or self.session.finished or self._refusal is not None or bool(self._broken)

    def _waiting_text(self) -> str:
        """Nothing where that was said a short while ago: a stream may be slow, each time."""
        situation = self._presence.situation()
        text = f"{self.address}: waiting for frames; {situation}"
        return self._waits.say("waiting", situation, text, time.monotonic())

    def _in_vain(self, waited: str) -> str:
        """Why there was no frame; what goes on as it is stands behind the semicolon."""
        silence_s = self._presence.silence_s()
        last = "" if silence_s is None else f", the last one came {silence_s:.1f} s ago"
        return f"{self.address}: no frame came within {waited}{last}; {self._presence.situation()}"

    def states(self) -> dict[str, SourceState]:
        """See `Source.states`."""
        with self._lock:
            return {} if self._state else self._presence.states(self.address, time.monotonic())

    def close(self) -> None:
        """See `Source.close`."""
        with self._lock:
            if not self._state:
                self.session.leave()
                self._flush(time.monotonic())
                self._await_farewells()
        self.shut("this source is closed", LINGER_MS)

    def shut(self, why: str, linger_ms: int = 0) -> None:
        """See `Endpoint.shut`; senders of other systems, which would wait for ever, are answered before."""
        with self._lock:
            if not self._state and self._others is not None:
                self._dismiss(self._others)
        super().shut(why, linger_ms)

    def _dismiss(self, others: Others) -> None:
        """Nobody who waits for answers is left with a picture that nobody answers, and each is let go with its answer.

        Whoever sends nothing for a moment has no picture on its way, as far as can be known.
        """
        others.leave()
        self._drive(now := time.monotonic())
        self._drive_until(lambda: not others.askers, now + BETWEEN_PICTURES_S)
        self._drive_until(lambda: not any(map(self._carrier.receiving, others.askers)), now + FAREWELL_S)
        for peer in others.askers:
            self._drive(time.monotonic())
            self._carrier.cut(peer, "")

    def _await_farewells(self) -> None:
        """A hub stays until its publishers heard that it goes: ZeroMQ drops what they have not read when it closes."""
        if self.listens:
            self._drive_until(lambda: self.session.away, time.monotonic() + FAREWELL_S)

    def _on_control(self, peer: Peer, message: control.Message, now: float) -> None:
        self.session.received(peer, message, now)
        if isinstance(message, control.Hello):
            self._carrier.admit(peer)

    def _on_pair(self, peer: Peer, head: memoryview, payload: memoryview, now: float) -> None:
        if not self.session.knows(peer):
            self._on_stranger(peer, [head, payload], now)
            return
        item, thinned = header.decode(head, payload)
        self.session.arrived(peer, item, thinned, now)
        if self.session.dropped:
            self._flush(now)  # it is told why
            self._carrier.cut(self.session.dropped.pop(), "it sent what it was not asked for")

    # other systems --------------------------------------------------------------------------------------------

    def _on_stranger(self, peer: Peer, parts: Parts, now: float) -> None:
        """Two parts from somebody who did not say hello: another system's, or ours after the connection broke."""
        kind = self._carrier.socket_type(peer)
        if header.is_native(parts[0]) and kind in FRAMEBUS_SOCKETS:
            self.session.unexpected(peer, now)
        elif self._others is None:
            raise BadFrame("not a framebus frame, and a link that connects takes no others")
        else:
            self._others.take_in(peer, parts, kind, now, ours=self._carrier.is_framebus(peer))
            self._carrier.admit(peer)

    def _on_rubbish(self, peer: Peer, parts: Parts, error: BadFrame, now: float) -> None:
        kind = self._carrier.socket_type(peer)
        if self._others is not None and not self.session.knows(peer) and len(parts) == 1:
            try:
                self._others.take_in(peer, parts, kind, now, ours=False)
                return
            except BadFrame as more:
                error = more
        if kind in DEAF:
            self.complaints.reject(self.address, error)
        else:
            super()._on_rubbish(peer, parts, error, now)

    def _on_gone(self, peer: Peer, now: float) -> None:
        super()._on_gone(peer, now)
        if self._others is not None:
            self._others.disconnected(peer)

    def _tick(self, now: float) -> None:
        if self._others is not None:
            self._others.tick(now)
        super()._tick(now)

    def _deadline(self, now: float) -> float | None:
        times = super()._deadline(now), self._others.deadline() if self._others is not None else None
        return min((at for at in times if at is not None), default=None)

    def _flush(self, now: float) -> None:
        if self.session.out:
            super()._flush(now)
        others = self._others
        if others is not None and others.out:
            answers, others.out = others.out, []
            send = self._carrier.dismiss if others.left else self._carrier.send
            for peer, data in answers:
                send(peer, data)
