"""A running system that follows the file it is described in."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Iterable, Mapping
from typing import Protocol

import msgspec

from framebus.config.drawn import Drawing
from framebus.config.parsing import Description, read
from framebus.config.saving import Saving, signature
from framebus.config.single_run import Once, refuse_second
from framebus.config.unguarded import refuse_unguarded
from framebus.core.errors import Error
from framebus.core.redaction import redact
from framebus.graph.plans import Place
from framebus.graph.running import Running
from framebus.graph.view import View

LOOK_S = 0.5
"""How often to look whether the file was saved."""
SHOW_S = 1.0
"""How often the page is told how everything is."""


class Audience(Protocol):
    """Who is told what happens, without credentials. Called in the thread that runs the system."""

    def printed(self, name: str, line: str) -> None:
        """A node printed a line."""
        ...

    def look(self, views: list[View]) -> None:
        """How everything is, about four times a second."""
        ...

    def told(self, text: str) -> None:
        """What concerns all of it: that the file was applied, or is broken."""
        ...

    def ending(self) -> None:
        """All of it is being ended; once."""
        ...

    def opened(self, links: Mapping[str, str]) -> None:
        """People see it at these links, which hold tokens, by who they are; once, and whenever they are others."""
        ...


class SavedSystem:
    """`run` in one thread; `stop`, `hurry` and `reload` from any, or from a signal handler."""

    def __init__(self, description: Description, audience: Audience, *, debug: bool = False) -> None:
        """Raises `Unavailable` where a part would listen without knowing who may connect, and where the file runs."""
        refuse_unguarded(description)
        refuse_second(description)
        self._description = description
        self._audience = audience
        self._drawing = Drawing(description)
        self._path = os.path.abspath(description.file) if description.file else ""
        command = ("framebus", "run", *([description.file] if description.file else []))
        place = Place(folder=description.folder, command=command, debug=debug)
        self._running = Running(description.plans, place, self)
        self._saving = Saving(signature(self._path))
        self._looked_at, self._showed_at = time.monotonic(), -math.inf
        self._links: Mapping[str, str] = {}
        self._reload = self._ending = False
        self.stop, self.hurry = self._running.stop, self._running.hurry

    def run(self) -> None:
        """Until everything is done, or somebody stops it. Raises `Unavailable` where the file runs by now."""
        with Once(self._description) as once:
            self._running.run(lambda: self._follow(once))

    @property
    def exit_code(self) -> int:
        """See `System`."""
        return self._running.exit_code

    def reload(self) -> None:
        """Read the file again, saved or not."""
        self._reload = True

    def views(self) -> list[View]:
        """How everything is, without credentials."""
        return self._shown(self._running.views())

    # what the nodes say ------------------------------------------------------------------------------------

    def printed(self, name: str, line: str) -> None:
        """A node printed a line."""
        self._audience.printed(name, self._hidden(line))

    def look(self, views: list[View]) -> None:
        """How everything is."""
        shown = self._shown(views)
        if self._running.ending and not self._ending:
            self._ending = True
            self._audience.ending()
        self._audience.look(shown)
        if self._running.shown and time.monotonic() - self._showed_at >= SHOW_S:
            self._show(shown)

    def opened(self, links: Mapping[str, str]) -> None:
        """The page is open, and is told how everything is before anybody can ask it."""
        self._show(self.views())
        if links != self._links:
            self._links = links
            self._audience.opened(links)

    def _show(self, views: list[View]) -> None:
        self._showed_at = time.monotonic()
        self._running.show(self._drawing.told(views))

    def _shown(self, views: Iterable[View]) -> list[View]:
        return [
            msgspec.structs.replace(view, why=self._hidden(view.why), death=self._hidden(view.death)) for view in views
        ]

    def _hidden(self, text: str) -> str:
        return redact(self._description.hide(text)) if text else text

    # the file ----------------------------------------------------------------------------------------------

    def _follow(self, once: Once) -> None:
        now = time.monotonic()
        if not self._path or now - self._looked_at < LOOK_S:
            return
        self._looked_at = now
        if self._saving.saved(signature(self._path)) or self._reload:
            self._reload = False
            self._apply(once)

    def _apply(self, once: Once) -> None:
        called = self._description.file
        try:
            description = read(self._path, called)
            refuse_unguarded(description)
        except Error as error:
            self._audience.told(f"{error}\n{called} is not applied: what runs goes on as it was")
            return
        self._description = description
        self._drawing = Drawing(description)
        once.now(description)
        changed = self._running.apply(description.plans)
        names = ", ".join(key.partition(".")[2] or key for key in changed)
        self._audience.told(f"{called} is applied: {names} changed" if changed else f"{called}: nothing changed")
