"""Workers of an older program at a job: a thread of its own hands them paths, and looks at what they have made."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterable

from framebus.batch.joining.proof import Proof, Stamp
from framebus.batch.joining.roster import Roster
from framebus.batch.outcome import Outcome
from framebus.batch.piece import Piece
from framebus.core.bell import Bell
from framebus.core.closing import Closing
from framebus.core.errors import BadFrame
from framebus.links.complaints import Complaints
from framebus.links.image_workers import Desk, News
from framebus.wire.dialects.workers import Quit, Request, Result, Task, decode_at_server, encode

TICK_S = 0.2
"""How often to see whether somebody has taken too long."""
GOODBYE_S = 1.0
"""How long workers may take to go when there is no more work."""
AGAIN_S = 0.05
"""How often they are told meanwhile: one that has just come may not have heard."""

log = logging.getLogger("framebus")


class Guests(Closing):
    """Those who joined. Used by one thread beside its own; `close` sends them home."""

    def __init__(self, open_desk: Callable[[], Desk], proof: Proof, limit_s: float) -> None:
        """`open_desk` is called in the thread that uses what it opens; raises what that raises."""
        self._proof = proof
        self._roster: Roster[Piece] = Roster(limit_s)
        self._before: dict[bytes, Stamp | None] = {}
        """What was there of the output before each worker began. Of the thread alone."""
        self._finished: list[tuple[Piece, Outcome]] = []
        self._complaints = Complaints()
        self._lock = threading.Lock()
        self._news = threading.Condition(self._lock)
        self._bell = Bell()
        self._closing = False
        self._refusal: BaseException | None = None
        self._open = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(open_desk,), name="framebus guests", daemon=True)
        self._thread.start()
        self._open.wait()
        self._check()

    def _check(self) -> None:
        if self._refusal is not None:
            self.close()
            raise self._refusal

    # who hands out work --------------------------------------------------------------------------------------

    @property
    def hungry(self) -> bool:
        """Whether they could do with more."""
        with self._lock:
            return self._roster.hungry

    @property
    def busy(self) -> bool:
        """Whether something is with them, or was done by them and not taken."""
        with self._lock:
            return bool(self._roster.pending or self._finished)

    def put(self, pieces: Iterable[Piece]) -> list[Piece]:
        """Set aside those that such workers can do; the others."""
        pieces = list(pieces)
        fitting = [piece for piece in pieces if self._proof.fits(piece)]
        with self._lock:
            self._roster.put(fitting)
            self._bell.ring()
        return [piece for piece in pieces if piece not in fitting]

    def finished(self) -> list[tuple[Piece, Outcome]]:
        """What they have done since the last time."""
        with self._lock:
            finished, self._finished = self._finished, []
            return finished

    def take_back(self, *, stock: bool) -> list[Piece]:
        """What others have to do; with what is set aside and not begun, where that is meant, too."""
        with self._lock:
            return self._roster.take_back(stock=stock)

    def wait(self, limit_s: float) -> None:
        """For something that is finished, or given back."""
        with self._news:
            self._news.wait_for(lambda: self._finished, limit_s)

    def close(self) -> None:
        """Send all of them home; idempotent."""
        with self._lock:
            if not self._closing:
                self._closing = True
                self._bell.ring()
        self._thread.join()
        with self._lock:
            self._bell.close()

    # the thread ----------------------------------------------------------------------------------------------

    def _run(self, open_desk: Callable[[], Desk]) -> None:
        try:
            desk = open_desk()
        except BaseException as error:
            self._refusal = error
            return
        finally:
            self._open.set()
        with desk:
            try:
                while not self._closing:
                    desk.wait(self._bell.fileno(), TICK_S)
                    self._turn(desk)
            except Exception:  # the job goes on without them
                log.exception("%s: workers cannot take part any more", desk.address)
                self._give_up()
            self._part(desk)

    def _give_up(self) -> None:
        with self._news:
            self._roster.dissolve()
            self._news.notify_all()

    def _turn(self, desk: Desk) -> None:
        with self._lock:
            self._bell.hush()
        for news in desk.news():
            self._hear(desk, news)
        now = time.monotonic()
        with self._lock:
            for worker in self._roster.late(now):
                log.warning("%s: worker %s takes too long: its picture goes to another", desk.address, worker.hex())
            turns = list(self._roster.turns(now))
        for worker, piece in turns:
            self._give(desk, worker, piece)

    def _hear(self, desk: Desk, news: News) -> None:
        if news.parts is None:
            self._before.pop(news.worker, None)
            with self._lock:
                self._roster.gone(news.worker)
            return
        try:
            said = decode_at_server(news.parts)
        except BadFrame as error:
            self._complaints.reject(desk.address, error)
            return
        if isinstance(said, Request):
            with self._lock:
                self._roster.asks(news.worker)
        else:
            self._settle(news.worker, said)

    def _give(self, desk: Desk, worker: bytes, piece: Piece) -> None:
        self._before[worker] = self._proof.before(piece)
        if not desk.send(worker, encode(Task(os.path.abspath(piece.path)))):
            with self._lock:
                self._roster.gone(worker)

    def _settle(self, worker: bytes, said: Result) -> None:
        """It says that it is done with something: that counts when it was given that, and the output is there."""
        with self._lock:
            piece = self._roster.has(worker)
        if piece is None or os.path.abspath(piece.path) != said.path:
            return
        outcome = self._proof.of(piece, self._before.pop(worker, None)) if said.done else None
        with self._news:
            self._roster.answers(worker, time.monotonic())
            if outcome is None:
                self._roster.give_back(piece)
            else:
                self._finished.append((piece, outcome))
            self._news.notify_all()

    def _part(self, desk: Desk) -> None:
        """Tell them that there is no more, until they have gone."""
        limit = time.monotonic() + GOODBYE_S
        quit_ = encode(Quit())
        with self._lock:
            self._bell.hush()
        while len(desk) and time.monotonic() < limit:
            desk.publish(quit_)
            desk.wait(self._bell.fileno(), AGAIN_S)
            for _ in desk.news():
                pass
        desk.publish(quit_)
