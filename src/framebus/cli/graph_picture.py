"""A system as a picture in the terminal: streams, and for each pipe what it reads, does and writes."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from rich.console import Console, RenderableType
from rich.panel import Panel
from rich.table import Table as Grid
from rich.text import Text

from framebus.cli.figures import count
from framebus.config.wording import Wording
from framebus.graph.plans import Capture, Pipe, Plan, Service, Web

if TYPE_CHECKING:
    from framebus.config.parsing import Description

WIDEST = 110
SHOWN = 8
"""So many streams before a pipe; of more, the first and how many there are."""


def show(description: Description) -> None:
    """Print it."""
    on_screen(picture(description))


def on_screen(parts: Iterable[RenderableType]) -> None:
    """Print the parts of a picture, one below the other."""
    width = min(shutil.get_terminal_size().columns, WIDEST)
    console = Console(file=sys.stdout, width=width, highlight=False)
    for part in parts:
        console.print(part)


def picture(description: Description) -> Iterator[RenderableType]:
    """Its parts from above."""
    plans = description.plans
    yield Text(f"{description.file or 'the system'} is in order: {_counted(plans)}", style="bold")
    drawing = Drawing(description)
    for plan in plans:
        if isinstance(plan.work, Capture):
            yield from drawing.streams(plan.work)
    for plan in plans:
        if isinstance(plan.work, Pipe):
            yield drawing.pipe(plan, plan.work)
    served = [(plan, plan.work) for plan in plans if isinstance(plan.work, Service)]
    if served:
        yield from drawing.services(served)
    for plan in plans:
        if isinstance(plan.work, Web):
            yield from drawing.page(plan.work)


def _counted(plans: Sequence[Plan]) -> str:
    streams = sum(len(plan.work.streams) for plan in plans if isinstance(plan.work, Capture))
    kinds = {
        "stream": streams,
        "pipe": sum(isinstance(plan.work, Pipe) for plan in plans),
        "service": sum(isinstance(plan.work, Service) for plan in plans),
        "page": sum(isinstance(plan.work, Web) for plan in plans),
    }
    return ", ".join(count(number, kind) for kind, number in kinds.items() if number)


class Drawing:
    """The parts of the picture."""

    def __init__(self, description: Description) -> None:
        self._words = Wording(description)
        pipes = [plan.work for plan in description.plans if isinstance(plan.work, Pipe)]
        self._room = max((len(name) for pipe in pipes for name in self._read(pipe.sources)), default=0)

    def streams(self, work: Capture) -> Iterator[RenderableType]:
        """All of `[streams]`."""
        yield Text("\nstreams, captured by one process", style="dim")
        listed = grid()
        for name, stream in work.streams.items():
            place, options = self._words.shown(stream.source), self._words.options(stream.options)
            listed.add_row(Text(f"  {name}", style="bold"), place, _listed(options))
        yield listed

    def services(self, served: Sequence[tuple[Plan, Service]]) -> Iterator[RenderableType]:
        """All services."""
        yield Text("\nservices, asked by gather", style="dim")
        listed = grid()
        for plan, work in served:
            where, what = self._words.hidden(work.address), self._words.hidden(work.op.name)
            options = self._words.options(work.options)
            listed.add_row(Text(f"  {plan.name}", style="bold"), what, where, _listed(options))
        yield listed

    def page(self, work: Web) -> Iterator[RenderableType]:
        """What the page shows."""
        yield Text("\npage, for whoever has its link", style="dim")
        listed = grid()
        options = self._words.options(work.options)
        listed.add_row(Text(f"  {work.listen}", style="bold"), ", ".join(self._read(work.places)), _listed(options))
        yield listed

    def pipe(self, plan: Plan, work: Pipe) -> RenderableType:
        """What one pipe reads, a box with what it does, and where that goes."""
        doing = tuple(self._words.doing(work)) or ("as it comes",)
        return box(self._read(work.sources), plan.name, doing, self._words.hidden(work.sink), self._room)

    def _read(self, sources: Sequence[str]) -> list[str]:
        names = [self._words.shown(source) for source in sources]
        return names if len(names) <= SHOWN else [*names[: SHOWN - 1], f"… {len(names) - SHOWN + 1} more"]


def box(read: Sequence[str], title: str, doing: Sequence[str], goes: str, room: int = 0) -> RenderableType:
    """What is read (in `room` columns), a box with what is done with it, and where that goes."""
    row = Grid.grid(padding=(0, 1))
    row.add_column(vertical="middle")
    row.add_column(vertical="middle", min_width=26)
    row.add_column(vertical="middle")
    panel = Panel(Text("\n".join(doing)), title=Text(title, style="bold"), title_align="left", border_style="cyan")
    row.add_row(Text("\n".join(_joined(read, room))), panel, Text(f"──▶ {goes}"))
    return row


def _joined(names: Sequence[str], room: int) -> Iterator[str]:
    """Names with lines that lead into one arrow."""
    for number, name in enumerate(names):
        last = number == len(names) - 1
        corner = ("─" if len(names) == 1 else "┴") if last else ("┤" if number else "┐")
        yield f"{name:>{room}} ─{corner}{'─▶' if last else ''}"


def _listed(options: Iterator[str]) -> Text:
    return Text(", ".join(options), style="dim")


def grid() -> Grid:
    """For names with what belongs to them."""
    made = Grid.grid(padding=(0, 2, 0, 0))
    for _ in range(4):
        made.add_column(overflow="fold")
    return made
