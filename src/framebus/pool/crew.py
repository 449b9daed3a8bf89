"""Several worker processes that share pieces of work: each piece is worked on until somebody has settled it."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import NamedTuple

from framebus.core.bell import Bell
from framebus.core.closing import Closing
from framebus.core.errors import BadFrame, Error, Unavailable
from framebus.core.frame import Array, Frame, Identity
from framebus.links import vigil
from framebus.pool.supervisor import Supervisor
from framebus.pool.worker_handle import Lost, Worker
from framebus.pool.worker_job import Job
from framebus.supervise.assignments import Assignments, Ending, Patience, Piece, Turn
from framebus.supervise.restarts import RestartRules
from framebus.wire.control import Reply

RULES = RestartRules(restarts=1000, at_work_is_useless=False)
"""The work is blamed for killing workers, and given up for it: a worker that dies at work starts again."""


class Settled(NamedTuple):
    """A piece that is finished with: what was answered, or why it was given up."""

    key: int
    reply: Reply | None = None
    arrays: Sequence[Array] = ()
    given_up: str = ""
    """It cost its workers: `its process was killed by SIGSEGV, twice`; empty where somebody answered."""


class Crew(Closing):
    """Gives frames to `count` worker processes, each to one that is free, and again to others when one dies.

    One thread gives, drives and takes; `close` may come from any. A frame's `seq` is the number of its piece, and
    numbers ascend.
    """

    def __init__(self, job: Job, count: int, patience: Patience | None = None) -> None:
        self._workers = [Worker(job, self, among=count, rules=RULES) for _ in range(count)]
        self._assignments: Assignments[Worker, Frame] = Assignments(patience)
        self._overdue: set[Worker] = set()
        self._settled: list[Settled] = []
        self._lock = threading.Lock()
        self._bell = Bell()
        self._driver = 0
        """The thread that waits: it need not be woken by what it hears itself."""
        self._closed = False
        self._supervisor = Supervisor(self._workers, job.name)

    def __len__(self) -> int:
        """Pieces that are not settled yet."""
        with self._lock:
            return len(self._assignments)

    @property
    def pids(self) -> list[int]:
        """The processes there are now."""
        return [worker.pid for worker in self._workers if worker.pid]

    @property
    def ever_ready(self) -> bool:
        """True once any of them was built."""
        return any(worker.life.ever_ready for worker in self._workers)

    @property
    def deaths(self) -> int:
        """How often a process has died so far."""
        return sum(worker.life.deaths for worker in self._workers)

    @property
    def idle(self) -> bool:
        """True while a worker could take more than was given."""
        with self._lock:
            return self._assignments.idle

    def give(self, frame: Frame) -> None:
        """A new piece, sent at once where somebody is free."""
        with self._lock:
            self._assignments.put(frame.seq, frame)
        self.drive()

    def drive(self) -> None:
        """Send what can be sent, end whoever takes too long; raises what keeps all workers from ever working."""
        now = time.monotonic()
        for worker in self._late(now):
            worker.strike()
        while (turn := self._turn(now)) is not None:
            try:
                turn.worker.send(turn.work)
            except (BadFrame, Unavailable) as error:  # too large to travel, or no shared memory left for it
                self._refused(turn, str(error))
        self._check()

    def finished(self) -> list[Settled]:
        """What was settled since the last time."""
        with self._lock:
            settled, self._settled = self._settled, []
            self._bell.hush()
        return settled

    def fileno(self) -> int:
        """Readable when `finished` may have something, or `drive` something to do."""
        return self._bell.fileno()

    def wait(self, limit_s: float, also: Sequence[int] = ()) -> bool:
        """Until there is news, `limit_s` have passed or a descriptor `also` is readable; True for the last."""
        with self._lock:
            if self._settled:
                return False
            deadline = self._assignments.deadline()
        if deadline is not None:
            limit_s = min(limit_s, max(0.0, deadline - time.monotonic()))
        self._driver = threading.get_ident()
        publishers = [publisher for worker in self._workers if (publisher := worker.publisher) is not None]
        readable = vigil.wait(publishers, [self._bell.fileno(), *also], limit_s)
        return any(descriptor in readable for descriptor in also)

    def close(self) -> None:
        """End the processes: those that wait at once, those that are busy after two seconds. Idempotent."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            self._assignments.withdraw()
        self._supervisor.close()
        with self._lock:
            self._bell.close()

    # driving -------------------------------------------------------------------------------------------------

    def _turn(self, now: float) -> Turn[Worker, Frame] | None:
        with self._lock:
            return self._assignments.take(now)

    def _refused(self, turn: Turn[Worker, Frame], why: str) -> None:
        with self._lock:
            if self._assignments.settled(turn.worker, turn.key, time.monotonic()):
                self._settled.append(Settled(turn.key, given_up=why))
                self._bell.ring()

    def _late(self, now: float) -> list[Worker]:
        with self._lock:
            late = [worker for worker in self._assignments.overdue(now) if worker not in self._overdue]
            self._overdue.update(late)
        return late

    def _check(self) -> None:
        refusals: list[Error] = [worker.refusal for worker in self._workers if worker.refusal is not None]
        if len(refusals) == len(self._workers):
            raise refusals[0]

    # news: in any thread, partly under a link's lock ---------------------------------------------------------

    def ready(self, worker: Worker) -> None:
        """See `Owner`."""
        with self._lock:
            self._assignments.arrived(worker)
            self._bell.ring()

    def answered(self, worker: Worker, identity: Identity, reply: Reply, arrays: Sequence[Array]) -> None:
        """See `Owner`."""
        with self._lock:
            if self._assignments.settled(worker, identity.seq, time.monotonic()):
                self._settled.append(Settled(identity.seq, reply, arrays))
                if threading.get_ident() != self._driver:
                    self._bell.ring()

    def lost(self, worker: Worker, lost: Lost) -> None:
        """See `Owner`."""
        with self._lock:
            late = worker in self._overdue
            self._overdue.discard(worker)
            ending: Ending = "overdue" if late else "killed" if lost.killed else "crashed"
            piece = self._assignments.lost(worker, ending)
            if piece is not None:
                self._settled.append(Settled(piece.key, given_up=self._cause(piece, ending, lost)))
            self._bell.ring()

    def _cause(self, piece: Piece[Frame], ending: Ending, lost: Lost) -> str:
        if ending == "overdue":
            return f"it took longer than {self._assignments.patience.limit_s:g} s, {piece.crashes} times"
        if ending == "killed":
            return f"its process {lost.why}, {piece.kills} times"
        return f"its process {lost.why}, as was another that had nothing else to do"
