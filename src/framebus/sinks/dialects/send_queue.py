"""Frames on their way from whoever writes them to the thread that sends them to a program of another system."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from framebus.core.bell import Bell
from framebus.core.contracts import Done, Item
from framebus.core.errors import Closed, Timeout
from framebus.links.patience import Patience

CLOSING_S = 2.0
"""How long the last frame of a live source may take to leave."""
SLICE_S = 0.5

log = logging.getLogger("framebus")


class Letter:
    """A frame, its message, and whom to tell once it is where it belongs."""

    __slots__ = ("_make", "_parts", "done", "item")

    def __init__(self, item: Item, make: Callable[[], list[Any]], done: Done) -> None:
        self.item = item
        self.done = done
        self._make = make
        self._parts: list[Any] | None = None

    @property
    def parts(self) -> list[Any]:
        """The message, made when first asked for."""
        if self._parts is None:
            self._parts = self._make()
        return self._parts


class Outbox:
    """One frame being sent and one that waits. Any thread writes, one thread sends.

    `live`: the frame that waits is the newest, what it replaced is counted as `unseen`. Otherwise whoever writes waits
    for room: endlessly until somebody was there at all, then until nothing has been taken for `patience_s`.
    """

    def __init__(self, where: str, *, live: bool, patience_s: float) -> None:
        self.where = where
        self.live = live
        self.patience_s = patience_s
        self.unseen = 0
        """Frames that nobody got."""
        self.nobody = False
        """True while it is known that nobody wants any; kept by who sends."""
        self.finishing = False
        self.stopped = False
        self.bell = Bell()
        """Rings when there is something new to `look` at."""
        self._changed = threading.Condition()
        self._held: Letter | None = None
        self._sending: Letter | None = None
        self._reached = False
        self._progress = 0
        self._why = ""
        self._error: Exception | None = None

    # whoever writes ----------------------------------------------------------------------------------------

    def pass_over(self, done: Done) -> bool:
        """Count a live frame that nobody wants, without looking at it; False when it is to be sent."""
        with self._changed:
            self._check()
            if not (self.live and self.nobody):
                return False
            self.unseen += 1
        done()
        return True

    def put(self, letter: Letter) -> None:
        """Take in a frame. Raises `Timeout`, `Closed`, and what went wrong in the thread that sends."""
        with self._changed:
            self._check()
            if not self.live:
                self._wait(lambda: self._held is None)
            replaced, self._held = self._held, letter
            self.unseen += replaced is not None
            self.bell.ring()
        if replaced is not None:
            replaced.done()

    def finish(self) -> bool:
        """Wait until everything has been sent; where it has not, raises `Timeout`, or is False for a live source."""
        with self._changed:
            if self._error is not None:
                raise self._error
            if self.stopped:
                return False
            self.finishing = True
            self.bell.ring()
            if self.live:
                self._changed.wait_for(lambda: self._empty() or self.stopped, CLOSING_S)
            else:
                self._wait(self._empty)
            return self._empty()

    def drain(self, patience_s: float) -> None:
        """Wait so long at most for what was written to be sent."""
        with self._changed:
            self._changed.wait_for(lambda: self._empty() or self.stopped, patience_s)

    def stop(self, why: str, error: Exception | None = None) -> None:
        """Send nothing any more; every later use raises `error`, or `Closed` saying `why`. The first time counts."""
        with self._changed:
            if not self.stopped:
                self.stopped, self._why, self._error = True, why, error
                self.bell.ring()
                self._changed.notify_all()

    def leave(self) -> None:
        """Of a live source nobody is owed anything: let go of what was not sent."""
        with self._changed:
            left = [letter for letter in (self._sending, self._held) if letter is not None]
            self._sending = self._held = None
            self.unseen += len(left)
        if self.live:
            for letter in left:
                letter.done()

    def disown(self) -> None:
        """In a forked child: this is the parent's, and so may be the lock."""
        self._changed = threading.Condition()
        self.stopped, self._why = True, "it belongs to the process that opened it: open it again here"

    # the thread that sends ---------------------------------------------------------------------------------

    def look(self) -> Letter | None:
        """What to send now; the same again until it is `settled`, unless a newer one of a live source replaces it."""
        with self._changed:
            self.bell.hush()
            replaced = None
            if self._held is not None and (self._sending is None or self.live):
                replaced, self._sending, self._held = self._sending, self._held, None
                self.unseen += replaced is not None
                self._changed.notify_all()
            letter = self._sending
        if replaced is not None:
            replaced.done()
        return letter

    def heard(self) -> None:
        """The bell rang, and what it rang for has to wait. Look at `stopped` before sleeping again."""
        with self._changed:
            self.bell.hush()

    def settled(self, *, seen: bool = True) -> None:
        """What was being sent is where it belongs; or nobody wants it, which is counted."""
        with self._changed:
            letter, self._sending = self._sending, None
            self._progress += 1
            self.unseen += not seen
            self._changed.notify_all()
        if letter is not None:
            letter.done()

    def reached(self) -> None:
        """Somebody is there."""
        with self._changed:
            self._reached = True

    # how ---------------------------------------------------------------------------------------------------

    def _empty(self) -> bool:
        return self._held is None and self._sending is None

    def _check(self) -> None:
        if self._error is not None:
            raise self._error
        if self.stopped:
            raise Closed(f"{self.where}: {self._why}")
        if self.finishing:
            raise Closed(f"{self.where}: this publisher is being closed")

    def _wait(self, ready: Callable[[], bool]) -> None:
        said, limit, progress = Patience(None), Patience(self.patience_s), self._progress
        while not ready():
            if self._error is not None or self.stopped:
                raise self._error or Closed(f"{self.where}: {self._why}")
            now = time.monotonic()
            if not self._reached or progress != self._progress:
                progress = self._progress
                limit.renew(now)
            if limit.over(now):
                raise Timeout(f"{self.where} has taken nothing for {self.patience_s:g} s: does the program there hang?")
            said.say_once(now, self._awaited)
            self._changed.wait(min(SLICE_S, said.until(now) - now, limit.until(now) - now))

    def _awaited(self) -> str:
        what = "takes no frame at the moment" if self._reached else "is where nobody is yet"
        return f"{self.where} {what}: waiting"
