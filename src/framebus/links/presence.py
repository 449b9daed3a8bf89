"""Who publishes what a reading end reads, whether it is there, and since when it sends nothing."""

from __future__ import annotations

from typing import Literal

from framebus.core import clock
from framebus.core.contracts import SourceState
from framebus.core.statistics import Stats, StreamStats
from framebus.links.others import Others
from framebus.session.feed import Feed
from framebus.session.reader import ReaderSession

STALLED_S = 2.0
STALLED_INTERVALS = 3
"""A stream from which no frame came for so long is stalled: the longer of the two."""
BUSY_S = 0.5
"""Whoever does not ask for so long is busy with a frame: silence meanwhile is nobody else's."""


class Presence:
    """What one reading end knows of its publishers. Used under the lock of that end."""

    def __init__(self, session: ReaderSession, others: Others | None, stats: Stats) -> None:
        self._session = session
        self._others = others
        self._stats = stats
        self._given_ns: int | None = None
        """When the user got the frame in hand; None while it waits for one."""
        self._back_ns = 0
        """When the user came back from a frame that took it long."""

    def asked(self) -> None:
        """The user wants a frame."""
        if self._given_ns is not None:
            now_ns = clock.mono_ns()
            if _seconds(now_ns - self._given_ns) > BUSY_S:
                self._back_ns = now_ns
            self._given_ns = None

    def given(self) -> None:
        """The user got one."""
        self._given_ns = clock.mono_ns()

    def situation(self) -> str:
        """Who is there while nothing comes: stays the same for as long as that does."""
        calling, silent = self._session.calling, self.silence_s() is None
        if calling is None:
            if self._session.away and (self._others is None or self._others.away):
                return f"nobody publishes here {'yet' if silent else 'any more'}"
            return "the publishers have sent nothing" if silent else "the publishers are there and send nothing"
        if calling.welcomed:
            return f"the publisher is there and {'has sent' if silent else 'sends'} nothing{self._reason()}"
        return calling.last_refusal or (
            "nobody is publishing there yet" if silent else "nobody publishes there any more"
        )

    def _reason(self) -> str:
        told = self._told(0.0)
        return "".join(f": {name} is {state.state}, {state.why}" for name, state in list(told.items())[:1])

    def silence_s(self) -> float | None:
        """Seconds since a frame of any stream came; None before the first."""
        now_ns = clock.mono_ns()
        found = [stream.silence_s(now_ns) for stream in list(self._stats.streams.values())]
        return min((silence_s for silence_s in found if silence_s is not None), default=None)

    def states(self, where: str, now: float) -> dict[str, SourceState]:
        """How each stream is that has come from `where`; `now` in monotonic seconds."""
        streams = [stream for stream in list(self._stats.streams.values()) if stream.frames]
        told, feeds = self._told(now), self._feeds()
        others = self._others.streams if self._others is not None else set()
        came = {
            stream.name: self._state(stream, feeds.get(stream.name, []), stream.name in others, where, now)
            for stream in streams
        }
        return came | {name: state for name, state in told.items() if name not in came or came[name].state != "away"}

    def _told(self, now: float) -> dict[str, SourceState]:
        """What publishers that are here say of streams that do not come, by the names these have here."""
        return {
            feed.names.get(one.name, one.name): _since(one.state, one.for_s + now - feed.conditions_at, _plain(one.why))
            for feed in self._session.feeds.values()
            for one in feed.conditions.values()
        }

    def _feeds(self) -> dict[str, list[Feed]]:
        """Who publishes, or did, what is called so here."""
        found: dict[str, list[Feed]] = {}
        for feed in self._session.feeds.values():
            for name in feed.names.values():
                found.setdefault(name, []).append(feed)
        return found

    def _state(self, stream: StreamStats, feeds: list[Feed], other: bool, where: str, now: float) -> SourceState:
        now_ns = clock.mono_ns()
        silence_s = stream.silence_s(now_ns) or 0.0
        if other or any(feed.peer is not None for feed in feeds):
            patience_s = max(STALLED_S, STALLED_INTERVALS * stream.interval_s)
            if self._session.live is False or min(silence_s, self._listened_s(now_ns)) <= patience_s:
                return SourceState(state="live")
            return _since("stalled", silence_s, f"{self._publisher(feeds, where)} is there and sends nothing")
        away = [now - feed.away_since for feed in feeds if feed.away_since is not None]
        return _since("away", min(away, default=silence_s), self._gone(feeds, where))

    def _listened_s(self, now_ns: int) -> float:
        """For how long nothing but the publishers could keep frames from coming."""
        if self._session.inbox or (self._others is not None and self._others.waiting):
            return 0.0
        busy = self._given_ns is not None and _seconds(now_ns - self._given_ns) > BUSY_S
        return 0.0 if busy else _seconds(now_ns - self._back_ns)

    def _publisher(self, feeds: list[Feed], where: str) -> str:
        if self._session.calling is not None:
            return f"the publisher at {where}"
        known = next((feed for feed in reversed(feeds) if feed.party.hostname), None)
        return f"its publisher ({known.party.hostname}, {known.party.pid})" if known is not None else "its publisher"

    def _gone(self, feeds: list[Feed], where: str) -> str:
        calling = self._session.calling
        if calling is not None:
            reason = calling.last_refusal.removeprefix(where).lstrip(": ")
            return f"{where} is gone" + (f": {reason}" if reason else "")
        ended = bool(feeds) and all(feed.ended for feed in feeds)
        return f"{self._publisher(feeds, where)} {'has ended it' if ended else 'is gone'}"


def _plain(text: str) -> str:
    """What another machine wrote, for a terminal."""
    return "".join(character if character.isprintable() else "?" for character in text)


def _since(state: Literal["stalled", "away"], for_s: float, why: str) -> SourceState:
    return SourceState(state=state, why=why, since_ns=clock.utc_ns() - int(for_s * 1e9))


def _seconds(ns: int) -> float:
    return ns * 1e-9
