"""Frames in files, and who is owed them: what one process leaves in a folder, the next one finds there."""

from __future__ import annotations

import contextlib
import logging
import os
from collections import defaultdict
from collections.abc import Iterator

from framebus.core.errors import Unavailable
from framebus.links.spool import notes, records
from framebus.links.spool.notes import Label, Share
from framebus.links.spool.owed_journal import Journal
from framebus.links.spool.recovery import Left
from framebus.links.spool.segments import Place, Segments
from framebus.links.spool.spool_folder import Holder, claim
from framebus.wire.layout import Buffer

log = logging.getLogger("framebus")


class Store:
    """One folder, this process's until `close`. Used under one lock.

    What is `put` is in a file when that returns; everything else when `commit` does. A process that is killed in
    between leaves frames that are sent again, none that is missing. Raises `Unavailable` where the folder cannot be
    used, or another publisher has it.
    """

    def __init__(self, folder: str, max_bytes: int, *, fsync: bool = False, holder: Holder | None = None) -> None:
        self.folder = os.path.abspath(folder)
        self._fsync = fsync
        self._unsynced = False
        self._news: list[notes.Line] = []
        self._new_done: defaultdict[str, list[int]] = defaultdict(list)
        self._lock: int | None = claim(self.folder, holder or Holder(pid=os.getpid()))
        self._segments = Segments(self.folder, max_bytes)
        self._journal = Journal(self.folder)
        try:
            left = Left(self._journal, self._segments)
        except OSError as error:
            self.disown()
            raise Unavailable(f"the spool {folder} cannot be read: {error.strerror}") from error
        self.session = left.session
        self.groups = left.groups
        self.marks = left.marks
        self.found = left.frames
        """What an earlier process left, in the order of sending; the shares are those still owed."""
        self.next_order = left.next_order
        self.frames = len(left.frames)
        """Frames that somebody is owed."""
        self._renamed = left.renamed
        self._later = left.later
        self._done = left.done
        with contextlib.suppress(OSError):  # the disk may be full: the old journal serves as well
            self._write_journal_anew()

    @property
    def used(self) -> int:
        """Bytes that its files of frames take."""
        return self._segments.used

    # frames -------------------------------------------------------------------------------------------------------

    def put(self, label: Label, head: Buffer, payload: Buffer) -> Place:
        """Write one frame. Raises `OSError` (the disk is full …); then nothing was written."""
        if self._news:
            self.commit()
        parts = records.frame(notes.encode(label), head, payload)
        try:
            place = self._segments.append(label.order, parts)
        except OSError:
            if not self._segments.new_file():  # the system may limit how large one file gets
                raise
            place = self._segments.append(label.order, parts)
        self.frames += 1
        self._unsynced = True
        for share in label.shares:
            self.marks.advance(share.group, label.stream, label.run, (share.last, share.last_thinned))
        return place

    def read(self, place: Place) -> tuple[bytes, memoryview]:
        """Head and payload of a frame. Raises `BadFrame` or `OSError` where it cannot be read."""
        return self._segments.read(place)

    def owe(self, order: int, share: Share) -> None:
        """A frame that is here is owed to one group more."""
        self._later.setdefault(order, []).append(share)
        self._news.append(notes.Owed(order, share))

    def done(self, order: int, group: str) -> None:
        """`group` has that frame, or will never get it."""
        self._done[group].add(order)
        self._new_done[group].append(order)

    def mark(self, group: str, stream: str, run: int, mark: tuple[int, int]) -> None:
        """How far `group` is in a run."""
        if self.marks.advance(group, stream, run, mark):
            self._news.append(notes.Mark(group, stream, run, *mark))

    def drop(self, place: Place) -> None:
        """Nobody is owed that frame any more."""
        self.frames -= 1
        segment = place.segment
        segment.live -= 1
        if not segment.live:
            self.commit()
            self._segments.remove(segment)
            for done in self._done.values():
                done.difference_update(segment.orders)
            for order in segment.orders:
                self._later.pop(order, None)
            if not self.frames:
                self._renamed.clear()

    # groups -------------------------------------------------------------------------------------------------------

    def call(self, session: str) -> None:
        """Under which id this publisher calls."""
        self.session = session
        self._news.append(notes.Session(session))

    def remember(self, group: notes.Group) -> None:
        """A group is owed frames, or is another than before."""
        if self.groups.get(group.name) != group:
            self.groups[group.name] = group
            self._news.append(group)

    def rename(self, before: str, group: notes.Group, until: int) -> None:
        """`before` is called otherwise from now on; frames from number `until` on are not here yet."""
        self.commit()
        self.groups.pop(before, None)
        self.marks.rename(before, group.name)
        self._done[group.name] |= self._done.pop(before, set())
        self._renamed.append(notes.Renamed(before, group.name, until))
        self._news.append(self._renamed[-1])
        self.remember(group)

    def forget(self, group: str) -> None:
        """Nobody will ask for that group again."""
        if self.groups.pop(group, None) is not None:
            self._news.append(notes.Gone(group))

    def commit(self) -> None:
        """Write down what was said; tried again the next time where the disk does not take it."""
        if self._news or self._new_done:
            done = [line for group, orders in self._new_done.items() for line in notes.done(group, orders)]
            try:
                self._journal.add([*self._news, *done])
            except OSError as error:
                log.debug("spool: %s: %s", self._journal.path, error)
                return
            self._unsynced = True
            self._news.clear()
            self._new_done.clear()
            if self._journal.outgrown:
                with contextlib.suppress(OSError):
                    self._write_journal_anew()
        if self._fsync and self._unsynced:
            self._unsynced = False
            self._segments.sync()
            self._journal.sync()

    def _write_journal_anew(self) -> None:
        self._journal.write_anew(self._all_lines())

    def _all_lines(self) -> Iterator[notes.Line]:
        if self.session:
            yield notes.Session(self.session)
        yield from self._renamed
        yield from self.groups.values()
        yield from self.marks.lines()
        for order, shares in self._later.items():
            yield from (notes.Owed(order, share) for share in shares)
        for group, done in self._done.items():
            yield from notes.done(group, done)

    # the end ------------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Write down everything and give the folder back; more than once is fine."""
        if self._lock is not None:
            self.commit()
            if not (self.frames or self.groups or self.session):
                self._journal.remove()
            self.disown()

    def disown(self) -> None:
        """Let go of the files without touching them."""
        self._segments.close()
        self._journal.close()
        lock, self._lock = self._lock, None
        if lock is not None:
            os.close(lock)
