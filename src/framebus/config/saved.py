"""A running system that follows the file it is described in."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from typing import Protocol

import msgspec

from framebus.config.reading import Description, read
from framebus.config.saving import Saving, signature
from framebus.core.errors import Error
from framebus.core.redaction import redact
from framebus.graph.plans import Place
from framebus.graph.running import Running
from framebus.graph.view import View

LOOK_S = 0.5
"""How often to look whether the file was saved."""


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


class SavedSystem:
    """`run` in one thread; `stop`, `hurry` and `reload` from any, or from a signal handler."""

    def __init__(self, description: Description, audience: Audience, *, debug: bool = False) -> None:
        self._description = description
        self._audience = audience
        self._path = os.path.abspath(description.file) if description.file else ""
        command = ("framebus", "run", *([description.file] if description.file else []))
        place = Place(folder=description.folder, command=command, debug=debug)
        self._running = Running(description.plans, place, self)
        self._saving = Saving(signature(self._path))
        self._looked_at = time.monotonic()
        self._reload = False
        self.stop, self.hurry = self._running.stop, self._running.hurry

    def run(self) -> None:
        """Until everything is done, or somebody stops it."""
        self._running.run(self._follow)

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
        self._audience.look(self._shown(views))

    def _shown(self, views: Iterable[View]) -> list[View]:
        return [msgspec.structs.replace(view, why=self._hidden(view.why)) for view in views]

    def _hidden(self, text: str) -> str:
        return redact(self._description.hide(text)) if text else text

    # the file ----------------------------------------------------------------------------------------------

    def _follow(self) -> None:
        now = time.monotonic()
        if not self._path or now - self._looked_at < LOOK_S:
            return
        self._looked_at = now
        if self._saving.saved(signature(self._path)) or self._reload:
            self._reload = False
            self._apply()

    def _apply(self) -> None:
        called = self._description.file
        try:
            self._description = read(self._path, called)
        except Error as error:
            self._audience.told(f"{error}\n{called} is not applied: what runs goes on as it was")
            return
        changed = self._running.apply(self._description.plans)
        names = ", ".join(key.partition(".")[2] or key for key in changed)
        self._audience.told(f"{called} is applied: {names} changed" if changed else f"{called}: nothing changed")
