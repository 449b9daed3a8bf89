"""What is counted and remembered while a job runs. Used by one thread; `progress` by any."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

from framebus.batch.inputs import Listing
from framebus.batch.journal import Journal, Made, Told, made
from framebus.batch.outcome import PLAIN, Outcome, all_plain
from framebus.batch.piece import Piece, Result
from framebus.batch.progress import Pace, Progress
from framebus.batch.report import Report, Trouble
from framebus.batch.stores.urls import shown
from framebus.core.errors import Unavailable

Reserve = Callable[[Piece, Sequence[int]], str]


class Tally:
    """Keeps the report up to date, and the journal with it."""

    def __init__(self, journal: Journal | None, listing: Listing) -> None:
        self.report = Report(failures=[], quarantined=[], damaged=[], left_out={})
        self.none = 0
        """Files found that are no inputs after all."""
        self.ends = ""
        """Why no further input can be done; empty while they can."""
        self._journal = journal
        self._listing = listing
        self._began = time.monotonic()
        self._pace = Pace(self._began)

    # before any work --------------------------------------------------------------------------------------------

    def failed(self, path: str, reason: str) -> None:
        """Nothing can be made of it."""
        self.report.failures.append(Trouble(shown(path), reason))

    def resumed(self, damage: Told | None) -> None:
        """It was done in an earlier run."""
        self.report.done += 1
        self.report.resumed += 1
        if damage is not None:
            self.report.damaged.append(Trouble(*damage[1:]))

    def kept_away(self, told: Told) -> None:
        """It was quarantined in an earlier run."""
        self.report.quarantined.append(
            Trouble(told[1], f"{told[2]}, in an earlier run: resume=False (--no-resume) tries it again")
        )

    # after it ---------------------------------------------------------------------------------------------------

    def settled(self, result: Result, reserve: Reserve) -> None:
        """A chunk was worked on; `reserve` takes the names of what is numbered."""
        done: list[tuple[Piece, Outcome]] = []
        for piece, outcome in zip(result.chunk.pieces, result.outcomes, strict=True):
            if outcome.state == "left":
                continue
            self.report.tried += 1
            if outcome.state != "done":
                self.failed(piece.path, outcome.reason)
                self.ends = outcome.reason if outcome.state == "stop" else self.ends
            elif trouble := reserve(piece, outcome.made):
                self.failed(piece.path, trouble)
            else:
                done.append((piece, outcome))
        self._done(done)
        self._mark()

    def quarantine(self, piece: Piece, reason: str) -> None:
        """It crashed, or held up, whoever worked on it."""
        path = shown(piece.path)
        self.report.quarantined.append(Trouble(path, reason))
        self.report.tried += 1
        self._write_down(quarantined=[(piece.name, path, reason)])
        self._mark()

    def finish(self, left_out: Mapping[str, int], stopped: str) -> Report:
        """The report of a job that has ended."""
        report = self.report
        report.elapsed_s = time.monotonic() - self._began
        report.left_out = dict(left_out)
        report.stopped = stopped
        report.total = self._total()
        return report

    def progress(self) -> Progress:
        """How far it is."""
        now, report = time.monotonic(), self.report
        total = self._total()
        failed = len(report.failures) + len(report.quarantined)
        return Progress(
            total=total if self._listing.complete else None,
            found=total,
            done=report.done,
            failed=failed,
            rate=self._pace.rate(now, report.tried),
            workers=report.workers,
            elapsed_s=now - self._began,
        )

    def _write_down(
        self, done: Sequence[Made] = (), quarantined: Sequence[Told] = (), damaged: Sequence[Told] = ()
    ) -> None:
        """In the journal, where there is one; what cannot be written down ends the job, which knows it no less."""
        if self._journal is not None:
            try:
                self._journal.add(done, quarantined, damaged)
            except Unavailable as error:
                self.ends = str(error)

    def _total(self) -> int:
        return self._listing.found - self.none

    def _done(self, done: Sequence[tuple[Piece, Outcome]]) -> None:
        report = self.report
        report.done += len(done)
        report.files += sum(_files(outcome.made) for _, outcome in done)
        report.read_bytes += sum(outcome.read for _, outcome in done)
        report.written_bytes += sum(outcome.written for _, outcome in done)
        damaged = [(piece.name, shown(piece.path), outcome.reason) for piece, outcome in done if outcome.reason]
        report.damaged += [Trouble(*told[1:]) for told in damaged]
        self._write_down([made(piece.name, outcome.made) for piece, outcome in done], damaged=damaged)

    def _mark(self) -> None:
        self._pace.mark(time.monotonic(), self.report.tried)


def _files(counts: Sequence[int]) -> int:
    return len(counts) if all_plain(counts) else sum(1 if count == PLAIN else count for count in counts)
