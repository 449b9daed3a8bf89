"""A job from beginning to end: folders held, journal read, inputs listed, work done, report given."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import ExitStack, suppress
from typing import Any

import msgspec

from framebus.batch.cluster import Cluster
from framebus.batch.fingerprint import Fingerprint, changed, fingerprint
from framebus.batch.hands import Hands
from framebus.batch.inputs import Inputs, Listing
from framebus.batch.inputs.inputs import nothing
from framebus.batch.job_options import Asked, summary, text_of
from framebus.batch.job_run import Run
from framebus.batch.journal import Journal, Past, changes, past_of
from framebus.batch.onto_itself import refuse_onto_itself
from framebus.batch.output_folders import Places
from framebus.batch.output_names import Naming
from framebus.batch.progress import Progress
from framebus.batch.recipe import Recipe
from framebus.batch.report import Comparison, Report
from framebus.batch.selection import Selection
from framebus.batch.stores import objects
from framebus.batch.stores.ledger import folder_for
from framebus.batch.stores.urls import shown
from framebus.batch.tally import Tally
from framebus.core.errors import OptionError, Unavailable

log = logging.getLogger("framebus")

Workers = int | Executor | str | Cluster
"""A number of processes, an executor, the address of a cluster's scheduler, or a client of one."""


class Job:
    """A job that was asked for. `run` it once; `stop` and `progress` from any thread meanwhile."""

    def __init__(self, places: Iterable[str], asked: Asked, workers: Workers) -> None:
        """Look whether it can be done; nothing is written yet. Raises `Unavailable`, `AddressError`, `OptionError`."""
        if asked.compare and workers == 0:
            raise OptionError(
                "compare needs workers to compare one process with, and workers=0 (--workers 0) is one process"
            )
        self.asked = asked
        self.workers = workers
        self._places = list(places)
        self._ops = [op for output in asked.recipe.outputs for op in output.ops]
        self._namings = [Naming(output.place, output.format) for output in asked.recipe.outputs]
        try:
            self.inputs = Inputs(self._places, asked.match, [naming.root for naming in self._namings])
            if not asked.recipe.overwrite:
                refuse_onto_itself(self.inputs, self._namings)
        except BaseException:
            objects.let_go()
            raise
        self._run: Run | None = None
        self._tally: Tally | None = None
        self._stopping = False

    def stop(self) -> None:
        """Finish what is in flight, and nothing else."""
        self._stopping = True
        if self._run is not None:
            self._run.stop()

    def progress(self) -> Progress:
        """How far it is."""
        if self._tally is None:
            return Progress(comparing=self.asked.compare)
        return self._tally.progress()

    def run(self) -> Report:
        """Do it; the report, also where it was stopped. Raises what keeps it from being done at all."""
        with ExitStack() as held:
            held.callback(objects.let_go)
            places = held.enter_context(Places(naming.root for naming in self._namings))
            journal = held.enter_context(Journal(self._ledger, fsync=self.asked.recipe.fsync))
            past, recipe = self._taken_up(journal, places.now_ns)
            if not past.clean:
                places.sweep()
            comparison = self._compared(recipe)
            listing = held.enter_context(Listing(self.inputs))
            tally = self._tally = Tally(journal, listing)
            tally.report.comparison = comparison
            selection = Selection(listing, self.inputs.base, self._namings, past, tally, recipe.kept_since_ns)
            self._run = Run(listing, selection, lambda: self._hands(recipe), tally)
            if self._stopping:
                self._run.stop()
            stopped = self._run.finish()
            if self.workers != 0 and tally.report.files:
                places.sweep()  # whoever was killed has left something half-written
            with suppress(Unavailable):  # on a full disk: the next run sweeps once more
                journal.end()
            return self._reported(tally, stopped)

    def rehearse(self, tell: Callable[[str, Sequence[str]], None] = lambda path, files: None) -> Report:
        """Find and check everything, but make nothing; `tell` gets each input and the files it would become."""
        from framebus.batch.in_thread import Here

        Here(self.asked.recipe).close()  # builds all ops
        with ExitStack() as held:
            held.callback(objects.let_go)
            past = past_of(self._ledger) if self.asked.resume else Past()
            if past.options is not None:
                self._check_same(past, summary(self.asked, self.inputs.base), self._code())
            listing = held.enter_context(Listing(self.inputs))
            tally = self._tally = Tally(None, listing)
            for piece in Selection(listing, self.inputs.base, self._namings, past, tally):
                if self._stopping:
                    break
                files = [os.path.join(naming.root, naming.name(piece.inner)) for naming in self._namings]
                tell(shown(piece.path), list(map(shown, files)))
            return self._reported(tally, "it was a rehearsal")

    def _hands(self, recipe: Recipe) -> Hands:
        """Whoever does the work; who joins comes first, so that a wrong address is told before any worker starts."""
        join = self.asked.join
        if join is None:
            return hands_for(recipe, self.workers)
        from framebus.batch.joining.joined_workers import Joined
        from framebus.batch.joining.older_workers import Guests
        from framebus.batch.joining.proof import Proof
        from framebus.links.image_workers import Desk

        allow, insecure = self.asked.allow, self.asked.insecure
        guests = Guests(lambda: Desk(join, allow, insecure=insecure), Proof(recipe), recipe.limit_s)
        try:
            return Joined(hands_for(recipe, self.workers), guests)
        except BaseException:
            guests.close()
            raise

    def _compared(self, recipe: Recipe) -> Comparison | None:
        if not self.asked.compare:
            return None
        from framebus.batch.comparing import compare

        return compare(iter(self.inputs), recipe, lambda aside: hands_for(aside, self.workers), lambda: self._stopping)

    def _reported(self, tally: Tally, stopped: str) -> Report:
        report = tally.finish(self.inputs.others, stopped)
        if not report.total and not self._stopping:
            raise nothing(self._places, self.inputs.others, self.asked.match)
        return report

    @property
    def _ledger(self) -> str:
        return folder_for(self._namings[0].root)

    def _taken_up(self, journal: Journal, now_ns: int | None) -> tuple[Past, Recipe]:
        """What was done already, and the recipe with the time of the job's beginning, which may be now."""
        options, code = summary(self.asked, self.inputs.base), self._code()
        past = journal.read()
        if past.options is not None and self.asked.resume:
            self._check_same(past, options, code)
            if past.code != code:
                journal.note(code)
            return past, msgspec.structs.replace(self.asked.recipe, began_ns=past.began_ns)
        began_ns = journal.begin(options, code, now_ns)
        anew = Past()
        anew.clean, anew.ever = past.clean, past.ever
        return anew, msgspec.structs.replace(self.asked.recipe, began_ns=past.began_ns or began_ns)

    def _code(self) -> list[Fingerprint]:
        """Of each op; what cannot be told is said."""
        found = list(map(fingerprint, self._ops))
        for op, known in zip(self._ops, found, strict=True):
            if known is None:
                log.warning(
                    "nobody can see when %s changes: after a change, resume=False (--no-resume) begins the job again",
                    text_of(op),
                )
        return found

    def _check_same(self, past: Past, options: Mapping[str, Any], code: Sequence[Fingerprint]) -> None:
        """Raises `OptionError` where the job that was begun is another one."""
        different = list(changes(past.options or {}, options))
        if different := different or list(changed(list(map(text_of, self._ops)), past.code, code)):
            raise OptionError(
                f"{shown(self._namings[0].root)} was begun as another job ({'; '.join(different)}): resume=False "
                "(--no-resume) begins it again as it is now, or choose another folder"
            )


def hands_for(recipe: Recipe, workers: Workers) -> Hands:
    """Whoever is to do the work; what the others would need is not imported: workers should start at once."""
    if isinstance(workers, int) and workers:
        from framebus.batch.chunk_worker import job_of
        from framebus.batch.crewed import Crewed

        return Crewed(job_of(recipe), workers, recipe.limit_s)
    if isinstance(workers, int):
        from framebus.batch.in_thread import Here

        return Here(recipe)
    if isinstance(workers, Executor):
        from framebus.batch.executing import Executing, workers_of

        return Executing(recipe, workers, workers_of(workers))
    from framebus.batch.clustered import Clustered

    return Clustered(recipe, workers)
