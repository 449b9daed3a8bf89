"""How a system is doing where there is no terminal: a line for each change."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Self

from framebus.cli.console import console
from framebus.cli.run_page import announcement
from framebus.graph.changes import Changes

if TYPE_CHECKING:
    from framebus.graph.view import View


class Plain:
    """Says what changes, and what the nodes print with their names before it."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._changes = Changes()
        self._ending = self._said = False

    def printed(self, name: str, line: str) -> None:
        """A node printed a line."""
        console.say(f"{name} | {line}")

    def look(self, views: list[View]) -> None:
        """How everything is."""
        for _, text in self._changes.of(views):
            console.say(text)
        if self._ending and not self._said and any(view.state == "stopping" for view in views):
            self._said = True
            console.say(f"{self._title} is stopping; Ctrl-C again ends it now")

    def told(self, text: str) -> None:
        """What concerns all of it."""
        console.say(text)

    def ending(self) -> None:
        """All of it is being ended: said while there is something to wait for."""
        self._ending = True

    def opened(self, links: Mapping[str, str]) -> None:
        """The page is open."""
        for text, link in announcement(self._title, links):
            console.say(text)
            print(link, flush=True)  # not said on the console, where tokens are hidden

    def __enter__(self) -> Self:
        console.say(f"{self._title} runs; Ctrl-C stops it, saving the file applies it")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return
