"""Publishers and readers of one link that are killed and stopped at random instants, thousands of times:

    python -m framebus.testing.torture --seconds 60 --seed 1 --address shm://torture

Every pixel is checked when it arrives and again while later frames come; two readers that are never killed account for
every frame. Prints what happened, and ends with exit code 1 when a picture was torn or changed, a process failed, hung,
or left something behind. Needs Linux; uses a private runtime folder, so it disturbs nobody.
"""

from __future__ import annotations

import argparse
import functools
import gc
import importlib
import logging
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from framebus.supervise.lifeline import die_with
from framebus.testing import actors
from framebus.testing.actors import Tally

HANG_S = 20.0
"""Longer than anything may take on a busy machine."""
MAX_SHARED_BYTES = 192 << 20
"""Far more than a publisher needs for what it retains and all readers hold; what killed ones held must not add up."""
MOODS = (0.2, 1.0, 6.0)
"""For a while everybody dies young, then there is time to hold pictures."""
MOOD_S = 2.0
MAX_STOP_S = 4.5
"""Stopped for longer than the three seconds after which a link takes silence for absence."""


@dataclass
class Actor:
    """A process of the play: its role, where it counts, and what is done to it."""

    role: str
    row: int
    pid: int
    stopped_until: float = 0.0
    """When it goes on; 0 while it runs."""


@dataclass
class Report:
    """What happened."""

    counts: Counter[str] = field(default_factory=Counter)
    peaks: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        lines = [f"{name:>32} {count:,}" for name, count in (*self.counts.items(), *self.peaks.items()) if count]
        return "\n".join([*lines, *self.failures, "FAILED" if self.failures else "survived"])


class Torture:
    """One publisher, two steady readers, and readers that are killed; all processes are forked from this one."""

    def __init__(self, address: str, seed: int, *, readers: int = 5, mean_s: float = 0.02) -> None:
        """`readers` that are killed; on average something is done to somebody every `mean_s` seconds."""
        self.report = Report()
        self._address = address
        self._chance = random.Random(seed)
        self._mean_s = mean_s
        self._tally = Tally(readers + 3)
        self._roles = ["publisher", "newest", "every", *["reader"] * readers]
        self._actors: list[Actor] = []
        self._lives = 0
        self._kills = 0
        self._mood = 1.0
        self._mood_until = 0.0
        self._progress: dict[int, tuple[int, float]] = {}

    def run(self, seconds: float, kills: int = sys.maxsize) -> Report:
        """Torture for so long or so many kills, let everybody end in peace, and say what happened."""
        _prepare()
        until = time.monotonic() + seconds
        try:
            self._actors = [self._started(role, row) for row, role in enumerate(self._roles)]
            while (now := time.monotonic()) < until and self._kills < kills and not self.report.failures:
                if now >= self._mood_until:
                    self._mood, self._mood_until = self._chance.choice(MOODS), now + MOOD_S * self._chance.random()
                time.sleep(min(1.0, self._mood * self._chance.expovariate(1 / self._mean_s)))
                self._look()
                self._strike()
            self._let_end()
        finally:
            for actor in self._actors:
                _kill(actor.pid)
                self._count(actor)
        return self.report

    # what is done to them -------------------------------------------------------------------------------------

    def _strike(self) -> None:
        """Kill, stop or wake somebody."""
        now = time.monotonic()
        for actor in self._actors:
            if 0 < actor.stopped_until <= now:
                actor.stopped_until = 0.0
                os.kill(actor.pid, signal.SIGCONT)
        publisher, victims = self._actors[0], self._actors[3:]
        die = self._chance.random()
        if die < 0.05:
            self._replace(publisher)
        elif die < 0.07:
            self._stop(self._chance.choice(victims), now)
        elif die < 0.072:
            self._stop(publisher, now)
        else:
            self._replace(self._chance.choice(victims))

    def _replace(self, actor: Actor) -> None:
        _kill(actor.pid)
        self.report.counts[f"{actor.role}s killed"] += 1
        self.report.counts["of them stopped"] += actor.stopped_until > 0
        self.report.counts["of them with pictures in hand"] += self._tally.get(actor.row, "held") > 0
        self._kills += 1
        self._count(actor)
        if actor.role == "publisher" and self._chance.random() < 0.3:
            time.sleep(self._chance.random() * 0.3)
        self._actors[actor.row] = self._started(actor.role, actor.row)

    def _stop(self, actor: Actor, now: float) -> None:
        os.kill(actor.pid, signal.SIGSTOP)
        actor.stopped_until = now + self._chance.random() * MAX_STOP_S
        self.report.counts[f"{actor.role}s stopped"] += 1

    def _started(self, role: str, row: int) -> Actor:
        self._lives += role == "publisher"
        play: dict[str, Callable[[], None]] = {
            "publisher": functools.partial(actors.publish, self._tally, row, self._address, self._lives),
            "newest": functools.partial(actors.read, self._tally, row, self._address, None, "latest"),
            "every": functools.partial(actors.read, self._tally, row, self._address, None, "all"),
            "reader": functools.partial(actors.read, self._tally, row, self._address, self._chance.randrange(2**30)),
        }
        return Actor(role, row, _forked(play[role]))

    # how they do ----------------------------------------------------------------------------------------------

    def _look(self) -> None:
        """Whoever ended by itself failed; whoever is not killed has to get on."""
        for actor in self._actors:
            found, status = os.waitpid(actor.pid, os.WNOHANG)
            if found:
                code = os.waitstatus_to_exitcode(status)
                self.report.failures.append(f"a {actor.role} ended by itself, with exit code {code}")
                self._actors[actor.row] = self._started(actor.role, actor.row)
        now = time.monotonic()
        for actor in self._actors[1:3]:
            frames = self._tally.get(actor.row, "frames")
            before, since = self._progress.get(actor.row, (-1, now))
            self._progress[actor.row] = (before, since) if frames == before else (frames, now)
            if now - since > HANG_S:
                self.report.failures.append(f"the reader of {actor.role} frames hung after {frames} of them")

    def _let_end(self) -> None:
        """Nobody is killed any more: the publisher ends the stream, and all go home."""
        for actor in self._actors:
            os.kill(actor.pid, signal.SIGCONT)
        self._tally.stop()
        deadline = time.monotonic() + HANG_S
        left = list(self._actors)
        while left and time.monotonic() < deadline:
            time.sleep(0.02)
            for actor in list(left):
                found, status = os.waitpid(actor.pid, os.WNOHANG)
                if found:
                    left.remove(actor)
                    code = os.waitstatus_to_exitcode(status)
                    if code:
                        self.report.failures.append(f"a {actor.role} ended with exit code {code}")
        self.report.failures += [f"a {actor.role} did not end" for actor in left]

    def _count(self, actor: Actor) -> None:
        row = self._tally.take(actor.row)
        row.pop("held")
        if row["bytes shared"] > MAX_SHARED_BYTES:
            self.report.failures.append(f"a publisher had {row['bytes shared']:,} bytes of shared memory")
        for name in ("frames", "checks", "missed"):
            self.report.counts[f"{actor.role}: {name}"] += row.pop(name)
        for name, value in row.items():
            if value:
                peak = f"{actor.role}: most {name}"
                self.report.peaks[peak] = max(self.report.peaks[peak], value)


def _prepare() -> None:
    """Load once what every child needs, and open nothing: who has links cannot give them to children."""
    for module in ("links.link", "verbs.open", "verbs.publish"):
        importlib.import_module(f"framebus.{module}")
    gc.freeze()


def _forked(play: Callable[[], None]) -> int:
    """Play in a process of its own."""
    parent = os.getpid()
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        die_with(parent)
        play()
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    except (ProcessLookupError, ChildProcessError):
        pass


def left_behind(folder: Path) -> list[str]:
    """Files of the dead that are still in a runtime folder after somebody looked."""
    from framebus.links import directory

    living = directory.entries(folder)
    return [f"still registered: {record.kind} {record.pid}" for record in living] + [
        f"left behind: {path.name}" for path in folder.rglob("*")
    ]


def main(arguments: list[str] | None = None) -> int:
    """The program."""
    parser = argparse.ArgumentParser(prog="python -m framebus.testing.torture", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--kills", type=int, default=sys.maxsize, help="end after so many, if that comes first")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--address", default="shm://torture", help="one stream of a link, as for publish and open")
    parser.add_argument("--readers", type=int, default=5, help="how many are killed again and again")
    parser.add_argument("--every", type=float, default=0.02, help="seconds between strikes, on average")
    given = parser.parse_args(arguments)
    if sys.platform != "linux":
        parser.error("this needs Linux")
    logging.getLogger("framebus").addHandler(logging.NullHandler())
    folder = Path(tempfile.mkdtemp(prefix="fb"))
    os.environ["XDG_RUNTIME_DIR"] = str(folder)
    began = time.monotonic()
    try:
        report = Torture(given.address, given.seed, readers=given.readers, mean_s=given.every).run(
            given.seconds, given.kills
        )
        report.failures += left_behind(folder / "framebus")
        report.counts["seconds"] = round(time.monotonic() - began)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(report)
    return 1 if report.failures else 0


if __name__ == "__main__":
    sys.exit(main())
