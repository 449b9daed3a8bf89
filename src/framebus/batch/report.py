"""What a job did: how many, how fast, and every input that is not as wanted, with the reason."""

from __future__ import annotations

import json
import os

import msgspec

from framebus.core.errors import Unavailable
from framebus.core.figures import count, rate, size, span


class Trouble(msgspec.Struct, frozen=True):
    """One input and what is the matter with it."""

    path: str
    reason: str


class Comparison(msgspec.Struct, frozen=True):
    """The same inputs, one after the other in one process and by all workers."""

    inputs: int
    alone_s: float
    """Best time of one process for all of them."""
    together_s: float
    """Best time of the workers."""
    workers: int

    @property
    def speedup(self) -> float:
        """How many times as fast the workers are."""
        return self.alone_s / self.together_s if self.together_s > 0 else 0.0


class Report(msgspec.Struct, kw_only=True):
    """What became of a job, as returned by `framebus.process`."""

    total: int = 0
    """Inputs; of a job that was stopped, those that were found."""
    done: int = 0
    """Finished as wanted, `resumed` included."""
    resumed: int = 0
    """Of these, done in an earlier run."""
    tried: int = 0
    """Worked on in this run, whatever came of it."""
    failures: list[Trouble] = []
    """Inputs of which nothing could be made. A further run tries them again."""
    quarantined: list[Trouble] = []
    """Inputs that twice crashed a process, or held it up, that had nothing else to do."""
    damaged: list[Trouble] = []
    """Of what is done: inputs that are damaged, but were kept because the job is tolerant."""
    left_out: dict[str, int] = {}
    """Files in the folders that are no images by their names, by extension."""
    files: int = 0
    """Files written in this run."""
    read_bytes: int = 0
    written_bytes: int = 0
    elapsed_s: float = 0.0
    workers: int = 0
    """Processes that did it; 0: the one that asked."""
    lost_workers: int = 0
    """How often one of them died and was started again."""
    stopped: str = ""
    """Why it is not finished; empty when it is."""
    comparison: Comparison | None = None

    @property
    def finished(self) -> bool:
        """True when every input is done or listed as a failure."""
        return not self.stopped

    @property
    def ok(self) -> bool:
        """True when every input is done."""
        return self.finished and self.done == self.total

    @property
    def rate(self) -> float:
        """Inputs per second of this run."""
        return self.tried / self.elapsed_s if self.elapsed_s > 0 else 0.0

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write it as JSON; names that are no text keep their escapes. Raises `Unavailable`."""
        data = msgspec.structs.asdict(self)
        data |= {key: [msgspec.structs.asdict(each) for each in data[key]] for key in _LISTS}
        data |= {"finished": self.finished, "ok": self.ok, "rate": round(self.rate, 3)}
        data["comparison"] = _compared(self.comparison)
        try:
            with open(path, "w", encoding="ascii") as file:
                json.dump(data, file, indent=2)
                file.write("\n")
        except OSError as error:
            raise Unavailable(f"the report {os.fspath(path)} cannot be written: {error.strerror or error}") from error

    def __str__(self) -> str:
        """`8091/8091 in 10.4 s (778/s) · 2 workers · 971 MB read, 880 MB written`."""
        parts = [
            f"{self.done}/{self.total} in {span(self.elapsed_s)}" + (f" ({rate(self.rate)})" if self.tried else ""),
            f"{self.resumed:,} of them done before" if self.resumed else "",
            f"{len(self.failures):,} failed" if self.failures else "",
            f"{len(self.quarantined):,} quarantined" if self.quarantined else "",
            f"{len(self.damaged):,} damaged but kept" if self.damaged else "",
            count(self.workers, "worker") if self.workers and self.files else "",
            f"{count(self.lost_workers, 'worker')} replaced" if self.lost_workers else "",
            f"{size(self.read_bytes)} read, {size(self.written_bytes)} written" if self.files else "",
            f"stopped: {self.stopped}" if self.stopped else "",
        ]
        return " · ".join(filter(None, parts))


_LISTS = ("failures", "quarantined", "damaged")


def _compared(comparison: Comparison | None) -> dict[str, float] | None:
    if comparison is None:
        return None
    return {**msgspec.structs.asdict(comparison), "speedup": round(comparison.speedup, 3)}
