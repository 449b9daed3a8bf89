"""How a system is doing, on a terminal: a table that is drawn again and again."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.console import Group, RenderableType
from rich.live import Live
from rich.table import Table as Grid
from rich.text import Text

from framebus.cli import figures
from framebus.cli.console import console
from framebus.cli.hanging_up import perhaps_unseen
from framebus.cli.run_page import announcement

if TYPE_CHECKING:
    from framebus.graph.view import View

COLUMNS = ("RATE", "AGE", "FRAMES", "GAPS", "RESTARTS", "CPU", "MEMORY", "PID")
DROPPED = ("FRAMES", "MEMORY", "AGE", "GAPS", "CPU", "RESTARTS", "PID")
"""Left out one after the other where the terminal is narrow."""
TROUBLES = 6
"""So many are told below the table."""
_WIDTHS = {"RATE": 9, "AGE": 8, "FRAMES": 11, "GAPS": 8, "RESTARTS": 10, "CPU": 6, "MEMORY": 9, "PID": 9}
_STYLES = {
    "live": "green",
    **dict.fromkeys(("starting", "waiting", "stopping"), "yellow"),
    **dict.fromkeys(("done", "stopped"), "cyan"),
}
_HEADINGS = {"pipe": "pipes", "service": "services"}
_STANDING = ("capture", "web")
"""Kinds without frames of their own."""
_FRAME_LINES = 5
"""Title, headings and what the prompt needs."""


class Table:
    """Drawn by whoever calls `look`; a `with` block, after which the last one stays."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._began = time.monotonic()
        self._live = Live(Text(f"{title} is starting"), auto_refresh=False)

    def printed(self, name: str, line: str) -> None:
        """A node printed a line: above the table."""
        self.told(f"{name} | {line}")

    def look(self, views: list[View]) -> None:
        """Draw it."""
        columns, lines = shutil.get_terminal_size()
        with perhaps_unseen():
            self._live.update(render(views, self._heading(views), columns, lines), refresh=True)

    def told(self, text: str) -> None:
        """What concerns all of it: above the table."""
        with perhaps_unseen():
            console.say(text)

    def ending(self) -> None:
        """All of it is being ended: the table shows that."""

    def opened(self, links: Mapping[str, str]) -> None:
        """The page is open: above the table, where it can be clicked."""
        with perhaps_unseen():
            for text, link in announcement(self._title, links):
                self._live.console.print(Text(f"{text}\n{link}"), soft_wrap=True)

    def _heading(self, views: Sequence[View]) -> str:
        stopping = any(view.state == "stopping" for view in views)
        hint = "stopping; Ctrl-C again ends it now" if stopping else "Ctrl-C stops it, saving the file applies it"
        return f"{self._title} · {figures.span(time.monotonic() - self._began)} · {hint}"

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with perhaps_unseen():
            self._live.stop()


def render(views: Sequence[View], heading: str, columns: int, lines: int) -> RenderableType:
    """The table and what is wrong below it, as wide and high as there is room."""
    troubles = [view for view in views if view.why and view.state != "live"][:TROUBLES]
    below = len(troubles) + 1 if troubles else 0
    rows, left_out = fitting(views, lines - _FRAME_LINES - below)
    names = _columns(columns, max((len(view.name) for view in views), default=0) + 4)
    grid = Grid(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    grid.add_column("NODE", no_wrap=True)
    grid.add_column("STATE", no_wrap=True)
    for name in names:
        grid.add_column(name, justify="right", no_wrap=True)
    for row in _rows(rows, names):
        grid.add_row(*row)
    parts: list[RenderableType] = [Text(heading, style="bold", no_wrap=True, overflow="ellipsis"), grid]
    if left_out:
        parts.append(Text(f"  … {figures.count(left_out, 'more stream')}, all well", style="dim"))
    parts += [Text()] if troubles else []
    parts += [Text(f"{view.name} {view.why}", style="dim", no_wrap=True, overflow="ellipsis") for view in troubles]
    return Group(*parts)


def fitting(views: Sequence[View], room: int) -> tuple[list[View], int]:
    """Those to show in so many lines, and how many streams were left out: first of all those that are well."""
    headings = len({view.kind for view in views} & _HEADINGS.keys())
    surplus = len(views) + headings - room
    if surplus <= 0:
        return list(views), 0
    well = [view for view in views if view.kind == "stream" and not view.troubled]
    dropped = well[max(0, len(well) - surplus - 1) :]
    return [view for view in views if view not in dropped], len(dropped)


def _columns(width: int, names: int) -> list[str]:
    """The figures there is room for."""
    columns = list(COLUMNS)
    for name in DROPPED:
        if names + 11 + sum(_WIDTHS[column] for column in columns) <= width:
            break
        columns.remove(name)
    return columns


def _rows(views: Sequence[View], columns: Sequence[str]) -> Iterator[list[RenderableType]]:
    heading = ""
    for view in views:
        if (kind := _HEADINGS.get(view.kind, "")) and kind != heading:
            heading = kind
            yield [Text(kind, style="dim")]
        name = Text(view.name, style="dim") if view.kind in _STANDING else Text(f"  {view.name}", style="bold")
        cells = _cells(view)
        yield [name, Text(view.state, style=_STYLES.get(view.state, "red")), *(cells[column] for column in columns)]


def _cells(view: View) -> dict[str, str]:
    counted, own = view.figures, view.kind != "stream"
    moves = view.kind not in _STANDING
    return {
        "RATE": figures.rate(counted.rate) if moves else "",
        "AGE": figures.age(counted.age_s) if moves and view.kind != "service" else "",
        "FRAMES": f"{counted.frames:,}" if moves else "",
        "GAPS": f"{counted.missed:,}" if moves and view.kind != "service" else "",
        "RESTARTS": f"{view.restarts:,}" if view.restarts else "–",
        "CPU": f"{counted.cpu:.0%}" if own and view.pid else "",
        "MEMORY": figures.size(counted.memory) if own and view.pid else "",
        "PID": str(view.pid) if view.pid else "",
    }
