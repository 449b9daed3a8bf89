"""An object served at an address: several may call it, and get their turns."""

from __future__ import annotations

from typing import Any

from framebus.core.closing import Closing
from framebus.links.receiving import LinkSource
from framebus.work.objects.attendant import Attendant
from framebus.work.objects.building import finish
from framebus.work.objects.events import Events
from framebus.work.objects.loop import Loop
from framebus.work.objects.members import is_async
from framebus.work.objects.performer import Performer, here


class Device(Closing):
    """Listens from the start and answers while `run` runs, in the thread that runs it.

    `stop` from any thread or signal handler.
    """

    asked_for = "call"
    """What is answered, for people."""

    def __init__(self, name: str, thing: Any, events: Events, source: LinkSource, *, ours: bool) -> None:
        """`ours`: nobody else has the object, and its `close()` is called at the end."""
        self.name = name
        self._thing = thing
        self._ours = ours
        self._source = source
        self._loop = Loop(name) if is_async(thing) else None
        self._performer = Performer(thing, events, self._loop.run if self._loop else here)
        self._attendant = Attendant(source, self._performer)
        self._closed = False

    @property
    def where(self) -> str:
        """The address it listens at, with the port the system chose."""
        return self._source.where

    @property
    def answered(self) -> int:
        """Questions answered so far."""
        return self._attendant.answered

    @property
    def failed(self) -> int:
        """Of them, those answered with an error."""
        return self._attendant.failed

    def run(self) -> None:
        """Answer until somebody stops it, here or from elsewhere; a call that has begun is finished."""
        self._attendant.run()

    def stop(self) -> None:
        """Begin nothing new; `run` returns soon."""
        self._attendant.stop()

    def close(self) -> None:
        """Close what was opened, the object where it is ours, and stop listening; idempotent."""
        if self._closed:
            return
        self._closed = True
        try:
            self._performer.close()
            if self._ours:
                finish(self._thing, self._loop.run if self._loop else here)
        finally:
            self._source.close()
            if self._loop is not None:
                self._loop.close()
