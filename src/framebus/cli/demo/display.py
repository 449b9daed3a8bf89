"""What the demo shows: a live table on a terminal, one plain line a second elsewhere, and a picture of it."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Iterator, Sequence
from io import StringIO
from pathlib import Path

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from framebus.cli import figures
from framebus.cli.demo.published import Published
from framebus.cli.demo.readers import Reader
from framebus.cli.demo.received import Seen

WIDTH, HEIGHT = 104, 27
"""What the whole of it takes; a smaller terminal gets less of it."""
SMALL_WIDTH, SMALL_HEIGHT = 80, 24
"""What the two tables take with a word about them."""
REDRAWS_PER_S = 4

_FONTS = re.compile(r"\s*@font-face \{.*?\}", re.DOTALL)
_TITLE = "framebus demo · who reads what, and what each of them missed, all on this machine"
_STAMPED = (
    "Every picture carries its number in its own pixels. MISSED is what framebus told the reader, "
    "LEFT OUT is what the pixels say: they are the same."
)
_SHARED = "PIXELS in place: readers look at the publisher's own memory, read-only, without a copy."


class Screen:
    """The table of one demo, drawn on a terminal."""

    def __init__(self, streams: Sequence[Published], readers: Sequence[Reader]) -> None:
        self._streams = streams
        self._readers = readers
        self._began = time.monotonic()

    def live(self) -> Live:
        """A live display of this screen; `update(screen.render())` redraws it."""
        return Live(self.fitting(), refresh_per_second=REDRAWS_PER_S, transient=False)

    def fitting(self) -> RenderableType:
        """As much of it as this terminal has room for, now."""
        columns, lines = shutil.get_terminal_size()
        if columns >= WIDTH and lines >= HEIGHT:
            return self.render()
        return self.render_small(columns, explained=columns >= SMALL_WIDTH and lines >= SMALL_HEIGHT)

    def render(self) -> RenderableType:
        """The whole of it, now."""
        now = time.monotonic()
        body = Group(
            self._published(now),
            Text(),
            self._read(now),
            Text(),
            *self._proofs(now),
            Text(),
            *self._explained(),
        )
        return Panel(body, title=_TITLE, subtitle=self._seconds(now), border_style="cyan", padding=(1, 2), width=WIDTH)

    def render_small(self, columns: int, *, explained: bool = False) -> RenderableType:
        """The two tables, at most `columns` wide: 80 are enough."""
        now = time.monotonic()
        words = [Text(), *self._explained()] if explained else []
        body = Group(self._published(now, small=True), Text(), self._read(now, small=True), *words)
        return Panel(body, title="framebus demo", subtitle=self._seconds(now), border_style="cyan", width=columns)

    def _seconds(self, now: float) -> Text:
        return Text(f" {now - self._began:.0f} s ", style="dim")

    def _explained(self) -> Iterator[Text]:
        yield Text(_STAMPED, style="dim")
        if all(seen.in_place for reader in self._readers for seen in reader.seen.values()):
            yield Text(_SHARED, style="dim")

    def _published(self, now: float, *, small: bool = False) -> Table:
        table = _table(_WORDS, ("FRAMES/S",) if small else ("FRAMES/S", "DATA"))
        for stream in self._streams:
            seen = self._readers[0].seen[stream.stream]
            rate = seen.rates(now).frames
            data = () if small else (f"{figures.size(rate * seen.nbytes)}/s",)
            name = Text(stream.stream, style="bold")
            picture = seen.picture or "starting"
            table.add_row(name, stream.address, _pixels(seen), picture, figures.rate(rate), *data)
        return table

    def _read(self, now: float, *, small: bool = False) -> Table:
        table = _table(("READER", "STREAM"), _FIGURES)
        for reader in self._readers:
            for number, seen in enumerate(reader.seen.values()):
                name = "" if number else reader.name if small else _called(reader)
                table.add_row(*self._row(name, seen, now))
        return table

    def _row(self, name: str, seen: Seen, now: float) -> Iterator[RenderableType]:
        yield Text(name, style="bold", no_wrap=True)
        yield seen.stream
        yield figures.rate(seen.rates(now).frames)
        yield Text(figures.age(seen.age_s), style="green" if _fresh(seen) else "yellow")
        yield f"{seen.frames:,}"
        yield f"{seen.counted:,}"
        yield f"{seen.real:,}"
        yield Text("✓", style="green") if seen.proven else Text("✗", style="bold red")

    def _proofs(self, now: float) -> Iterator[Text]:
        for line in proofs(self._readers, now):
            yield Text.assemble(("• ", "cyan"), line)


_WORDS = ("PUBLISHER", "ADDRESS", "PIXELS", "PICTURE")
_FIGURES = ("FRAMES/S", "AGE", "FRAMES", "MISSED", "LEFT OUT", "SAME")
"""`AGE` is that of the frame in hand, `MISSED` what the reader was told, `LEFT OUT` what the pixels say."""


def proofs(readers: Sequence[Reader], now: float) -> Iterator[str]:
    """One sentence for each reader, for newcomers."""
    for reader in readers:
        seen = list(reader.seen.values())
        frames = sum(each.rates(now).frames for each in seen)
        missed = sum(each.rates(now).missed for each in seen)
        counted, real = sum(each.counted for each in seen), sum(each.real for each in seen)
        same = (
            f"counted = real ({counted:,})" if all(each.proven for each in seen) else f"counted {counted}, real {real}"
        )
        speed = f"{reader.name} reader: {figures.rate(frames)}"
        if reader.keep == "all":
            late = ", which a busy camera skipped before they were sent" if counted else ""
            yield f"{speed}, {sum(each.frames for each in seen):,} in all and in order, {same}{late}"
        elif reader.work_s:
            fresh = "always fresh" if max(each.oldest_s for each in seen) < 2 * reader.work_s else "not always fresh"
            yield f"{speed}, {fresh} (age {figures.age(seen[0].age_s)}), missed {missed:.0f}/s, {same}"
        else:
            yield f"{speed} of {figures.count(len(seen), 'stream')}, missed {missed:.0f}/s, {same}"


def plain(readers: Sequence[Reader], now: float) -> str:
    """All of it in one line, where there is no terminal."""
    return " | ".join(proofs(readers, now))


def picture(screen: Screen, path: Path) -> None:
    """Write what the screen shows to `path` as SVG."""
    console = Console(record=True, width=WIDTH, file=StringIO(), force_terminal=True, color_system="truecolor")
    console.print(screen.render())
    svg = console.export_svg(title="framebus demo")
    path.write_text(_FONTS.sub("", svg))  # the fonts would come from the network


def _table(words: Sequence[str], numbers: Sequence[str]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for column in words:
        table.add_column(column, no_wrap=True)
    for column in numbers:
        table.add_column(column, justify="right", no_wrap=True)
    return table


def _called(reader: Reader) -> str:
    if reader.keep == "all":
        return f"{reader.name}, every frame"
    return f"{reader.name}, {reader.work_s * 1e3:.0f} ms for each" if reader.work_s else f"{reader.name}, all streams"


def _pixels(seen: Seen) -> RenderableType:
    if seen.in_place is None:
        return ""
    return Text("in place", style="green") if seen.in_place else "copied"


def _fresh(seen: Seen) -> bool:
    return seen.age_s is not None and seen.age_s < 0.1
