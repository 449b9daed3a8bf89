"""A camera as an endless maker: feeds are made again whenever one breaks, and the picture goes on."""

from __future__ import annotations

import logging
import secrets
import threading
import traceback
from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias

from framebus.core import clock
from framebus.core.contracts import Item, SourceState, Unhurried
from framebus.core.errors import AddressError, Error, OptionError
from framebus.core.redaction import redact
from framebus.sources.cameras.camera_feed import Connect, Feed
from framebus.sources.cameras.connecting import Connecting
from framebus.sources.cameras.keeping import Keeping

log = logging.getLogger("framebus")

Treatment: TypeAlias = Callable[[Item], Iterable[Item]]
"""What is done to each item of one connection: decoded, cut, resized."""
ENDED = "the camera ended its stream"


def as_it_is(item: Item) -> Iterable[Item]:
    """Nothing is done."""
    return (item,)


class Camera:
    """A maker that never ends by itself and raises nothing but mistakes in its options.

    `connect` makes a feed, and `treat` begins the treatment of its items anew with each connection. Items carry
    the camera's `name`, a `run` of its own for each opening, and numbers that go on over reconnects. `where` is the
    address, for messages. Iterated in one thread; `close` and `state` from any.
    """

    live = True

    def __init__(
        self,
        name: str,
        where: str,
        connect: Connect,
        treat: Callable[[], Treatment] = lambda: as_it_is,
        *,
        packets: bool = False,
    ) -> None:
        self.name = name
        self.where = redact(where)
        self.run = secrets.randbits(64) or 1
        self.packets = packets
        """Whether coded video comes, rather than pictures."""
        self._connect = connect
        self._treat = treat
        self._seq = 0
        self._keeping = Keeping(clock.mono_ns())
        self._lock = threading.Lock()  # guards the two above it may close, and `_keeping`
        self._closed = threading.Event()
        self._attempt: Connecting | None = None
        self._feed: Feed | None = None
        self._hurried = True

    def __repr__(self) -> str:
        return f"<Camera {self.name} at {self.where}: {self.state.state}>"

    @property
    def state(self) -> SourceState:
        """How it is now: `live`, `stalled` or `away`, with why, since when, and how often it came back."""
        with self._lock:
            return self._keeping.state(clock.mono_ns(), clock.utc_ns())

    def __iter__(self) -> Iterator[Item]:
        """Items until it is closed."""
        while not self._closed.is_set():
            try:
                feed = self._connected()
                if feed is None:
                    return
                yield from self._shown(feed)
                why: str | Exception = ENDED
            except (AddressError, OptionError):
                raise
            except Exception as error:  # whatever a camera does, it is tried again
                why = error
            finally:
                self._hang_up()
            if not self._closed.is_set():
                self._closed.wait(self._pause_s(why))

    def hurry(self, wanted: bool) -> None:
        """See `Source.hurry`; holds for later connections, too."""
        with self._lock:
            self._hurried = wanted
            _hurry(self._feed, wanted)

    def close(self) -> None:
        """End the iteration and the connection; more than once is fine."""
        self._closed.set()
        with self._lock:
            attempt, feed = self._attempt, self._feed
        if attempt is not None:
            attempt.abandon()
        if feed is not None:
            feed.close()

    def _connected(self) -> Feed | None:
        """A new feed; None when the camera was closed meanwhile."""
        attempt = Connecting(self._connect, self.name)
        with self._lock:
            self._attempt = attempt
        if self._closed.is_set():
            attempt.abandon()
        feed = attempt.wait()
        with self._lock:
            self._attempt, self._feed = None, feed
            if feed is not None:
                self._keeping.connected(clock.mono_ns())
                _hurry(feed, self._hurried)
        return feed

    def _shown(self, feed: Feed) -> Iterator[Item]:
        treatment = self._treat()
        if self._closed.is_set():
            return
        for arrived in feed:
            for item in treatment(arrived):
                if self._closed.is_set():
                    return
                self._note_picture()
                yield item.replace(stream=self.name, run=self.run, seq=self._seq)
                self._seq += 1

    def _note_picture(self) -> None:
        with self._lock:
            away_s = self._keeping.picture(clock.mono_ns())
        if away_s:
            log.warning("%s: pictures come again, after %.1f s", self.name, away_s)

    def _pause_s(self, why: str | Exception) -> float:
        """How long to wait after a break that was `why`, which is told unless it was before."""
        known = isinstance(why, str | Error)
        text = redact(str(why) if known else f"{type(why).__name__}: {why}")
        with self._lock:
            retreat = self._keeping.broke(text, clock.mono_ns())
        if retreat.news:
            log.warning("%s: %s; it is tried again%s", self.name, text, "" if known else _traceback(why))
        return retreat.pause_ns * 1e-9

    def _hang_up(self) -> None:
        with self._lock:
            feed, self._feed = self._feed, None
        if feed is not None:
            feed.close()


def _hurry(feed: object, wanted: bool) -> None:
    if isinstance(feed, Unhurried):
        feed.hurry(wanted)


def _traceback(error: object) -> str:
    """Where an error of ours happened; system errors and those of a camera tell it in their text."""
    if not isinstance(error, Exception) or isinstance(error, OSError):
        return ""
    return "\n" + redact("".join(traceback.format_exception(error)))
