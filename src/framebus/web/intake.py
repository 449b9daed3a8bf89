"""One place being read, in a thread of its own, for as long as it gives pictures."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from msgspec import structs

from framebus.core import clock
from framebus.core.addresses import Link, listens
from framebus.core.contracts import Item, SourceState
from framebus.core.errors import Closed, Error
from framebus.core.redaction import redact
from framebus.core.source import Source
from framebus.verbs.capture import JOIN_S
from framebus.verbs.noted import Noted
from framebus.verbs.open import OPEN_OPTIONS, open_all
from framebus.verbs.resolving import address_of
from framebus.web.places import joinable, stream_named, wishes_of

log = logging.getLogger("framebus")

PAUSE_S = 0.1
"""Between two pictures of a folder, which has no speed of its own."""
INTO = "the page"
"""Where it goes, as this machine's list has it."""
AGAIN_S = 0.2
"""After the end of a link, before it is opened for who publishes next."""


class Intake:
    """Reads `place` from `start()` to `close()`; opened at once, so that mistakes are told to who made them.

    A link whose publishers have all ended is opened anew, for those that come next. Raises what `framebus.open` raises.
    """

    def __init__(self, place: str, wishes: Mapping[str, Any]) -> None:
        self.place = redact(place)
        self.joinable = joinable(place)
        self.ended: str | None = None
        """Why it gives no more: empty where the source came to its end; None while it goes on."""
        self.streams: dict[str, str] = {}
        """What its streams are called on the page, and what they are called here."""
        self._open = partial(_opened, place, wishes_of(place, wishes))
        self._address = address_of(place)
        self._named = stream_named(place)
        self._linked = isinstance(self._address, Link)
        self._source = self._open()
        self._hurried = True
        self._lock = threading.Lock()  # guards `_source` against being replaced while it is closed
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None
        self._noted: Noted | None = None

    @property
    def announced(self) -> str:
        """The stream that will come, where that is known before it does; empty otherwise."""
        return str(getattr(self._source, "name", "")) or self._named

    @property
    def states(self) -> dict[str, SourceState]:
        """How its streams are, where that is known, by their names on the page."""
        states = self._source.states()
        return {name: state for name, own in list(self.streams.items()) if (state := states.get(own)) is not None}

    def beside(self, name: str) -> str | None:
        """The address at which others read the stream that is `name` on the page; None where only one can read."""
        address = self._address
        if not isinstance(address, Link) or address.dialect or listens(address, "reader"):
            return None
        return str(structs.replace(address, streams=self.streams[name]))

    def start(self, give: Callable[[Item], None]) -> None:
        """Begin to read; `give(item)` is called in a thread."""
        self._noted = Noted(self.place, INTO)
        self._thread = threading.Thread(target=self._run, args=(give,), name=f"framebus-web {self.place}", daemon=True)
        self._thread.start()

    def hurry(self, wanted: bool) -> None:
        """Say whether anybody waits for what comes; see `Source.hurry`. From any thread."""
        if wanted is not self._hurried:
            self._hurried = wanted
            self._source.hurry(wanted)

    def note(self) -> None:
        """Let this machine's list know how it is."""
        if self._noted is not None:
            self._noted.tell(self._source, clock.mono_ns())

    def close(self) -> None:
        """Stop; idempotent."""
        if self._noted is not None:
            self._noted.close()
        with self._lock:
            self._closing.set()
            self._source.close()
        if self._thread is not None:
            self._thread.join(JOIN_S)
            if self._thread.is_alive():
                log.warning("%s does not stop: its thread is left behind", self.place)

    def _run(self, give: Callable[[Item], None]) -> None:
        while not self._closing.is_set():
            self.ended = self._read_to_end(give)
            self._source.close()
            if not (self._linked and self._opened_again()):
                return

    def _opened_again(self) -> bool:
        """Whether there is a source to read again; False once this was closed."""
        while not self._closing.wait(AGAIN_S):
            with self._lock:
                if self._closing.is_set():
                    return False
                try:
                    self._source = self._open()
                except Error as error:  # the port is taken meanwhile, the folder gone: tried again
                    self.ended = redact(str(error))
                else:
                    return True
        return False

    def _read_to_end(self, give: Callable[[Item], None]) -> str:
        """Read until there is no more; why."""
        try:
            self._read(give)
        except Closed as error:
            return str(error)
        except Exception as error:  # whatever it is: one place less, and everybody sees why
            why = redact(str(error) or type(error).__name__)
            log.warning("%s: %s", self.place, why)
            return why
        return ""

    def _read(self, give: Callable[[Item], None]) -> None:
        paced = not self._linked and not self._source.live
        while (item := self._source.take(None)) is not None:
            self.ended = None
            give(item)
            self._source.done(item)
            if paced and self._closing.wait(PAUSE_S):
                return


def _opened(place: str, options: Mapping[str, Any]) -> Source[Item]:
    wishes = {name: value for name, value in options.items() if name in OPEN_OPTIONS}
    own = {name: value for name, value in options.items() if name not in OPEN_OPTIONS}
    return open_all([place], wishes, own, alone=True)
