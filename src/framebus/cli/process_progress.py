"""What `framebus process` says while it works and when it is done."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from framebus.cli.beside import REDRAW_S, Beside
from framebus.cli.console import console
from framebus.cli.figures import count, rate, span
from framebus.cli.stopping import Stopping

if TYPE_CHECKING:
    from framebus.batch.job import Job
    from framebus.batch.progress import Progress
    from framebus.batch.report import Comparison, Report

LINES_S = 5.0
"""How often a line is said where nobody watches."""
LISTED = 10
"""As many failures are said; the report holds all."""
BAR = 24


class Watch(Beside):
    """Draws how far a job is: a bar on a terminal, a line every few seconds elsewhere."""

    def __init__(self, job: Job, stopping: Stopping) -> None:
        super().__init__()
        self._job = job
        self._stopping = stopping

    def _watch(self) -> None:
        said = time.monotonic()
        while not self._over.wait(REDRAW_S):
            progress = self._job.progress()
            if self._stopping.asked:
                console.status("finishing what is in flight; Ctrl-C again stops now")
            elif console.terminal:
                console.status(f"{bar(progress)} {status(progress)}")
            elif time.monotonic() - said >= LINES_S:
                said = time.monotonic()
                console.say(status(progress))


def bar(progress: Progress) -> str:
    """`━━━━━━━━╸───────`, in halves; a dotted line where nobody knows how much there is."""
    if not progress.total:
        return "┄" * BAR
    halves = min(2 * BAR, 2 * BAR * progress.settled // progress.total)
    return ("━" * (halves // 2) + "╸" * (halves % 2)).ljust(BAR, "─")


def status(progress: Progress) -> str:
    """`3412/8091 · 778/s · 6.0 s left · 2 failed · 8 workers`."""
    if progress.comparing:
        return "comparing one process with all workers"
    total = f"{progress.found}…" if progress.total is None else str(progress.total)
    left = progress.left_s
    parts = [
        f"{progress.settled}/{total}",
        rate(progress.rate),
        "" if left is None else f"{span(left)} left",
        f"{progress.failed:,} failed" if progress.failed else "",
        count(progress.workers, "worker") if progress.workers else "",
    ]
    return " · ".join(filter(None, parts))


def compared(comparison: Comparison) -> str:
    """`400 inputs: 312/s in one process, 605/s in 2 workers: 1.94 times as fast`."""
    alone, together = (comparison.inputs / max(each, 1e-9) for each in (comparison.alone_s, comparison.together_s))
    workers = count(comparison.workers, "worker")
    return (
        f"{count(comparison.inputs, 'input')}: {rate(alone)} in one process, {rate(together)} in {workers}: "
        f"{comparison.speedup:.2f} times as fast"
    )


def failures(report: Report, most: int = LISTED, *, listed_in: str | None = None) -> Iterator[str]:
    """A line for each of the first inputs that are not as wanted, and where all of them are listed."""
    kinds = {"failed": report.failures, "quarantined": report.quarantined, "damaged but kept": report.damaged}
    for kind, troubles in kinds.items():
        for trouble in troubles[:most]:
            yield _one_line(f"{kind}: {trouble.path}: {trouble.reason}")
        if len(troubles) > most:
            where = f"all are in {listed_in}" if listed_in else "--report FILE lists all"
            yield f"{kind}: {len(troubles) - most:,} more; {where}"


def _one_line(text: str) -> str:
    """`text` with what would move the cursor or break the line written as Python does: names of files may hold it."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)
