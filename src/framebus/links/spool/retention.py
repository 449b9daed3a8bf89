"""What a publisher keeps for lossless groups, in a folder as soon as they are not there to take it."""

from __future__ import annotations

import errno
import logging
import time
from collections.abc import Callable, Iterable, Sequence

from framebus.core.errors import BadFrame
from framebus.core.frame import Identity
from framebus.links.parcel import parcel
from framebus.links.spool import notes
from framebus.links.spool.notes import Label, Share
from framebus.links.spool.shortage import Shortage
from framebus.links.spool.store import Store
from framebus.session.outgoing import Delivery, Entry, Owner
from framebus.session.retention import Remembered, Retention, settle
from framebus.wire import header

RETRY_S = 1.0
"""So often a disk that takes nothing is tried again."""
OVERHEAD_BYTES = 1024
"""What a frame takes on disk besides its pixels, roughly."""
_FULL = (errno.ENOSPC, errno.EDQUOT)

log = logging.getLogger("framebus")


class SpoolRetention(Retention):
    """In memory is only what is on its way to a reader; what waits for one is on disk.

    A frame that the disk does not take stays in memory, within `max_bytes`.
    """

    lasts = True

    def __init__(self, store: Store, max_bytes: int, spool_bytes: int) -> None:
        self._store = store
        self._max_bytes = max_bytes
        self._spool_bytes = self._limit = spool_bytes
        self._shortage = Shortage(store.folder)
        self._first = store.next_order
        self._memory: dict[int, Entry] = {}
        self._nbytes = 0
        self._failing = False
        """The disk takes nothing, and not because it is full."""
        self._retry_at = 0.0
        self._next = store.next_order
        self._names: dict[Owner, str] = {}

    def session(self, fresh: str) -> str:
        """Under which id to call a hub: that of the process before this one, else the `fresh` one."""
        if not self._store.session:
            self._store.call(fresh)
        return self._store.session

    # how much -----------------------------------------------------------------------------------------------------

    @property
    def nbytes(self) -> int:
        return self._nbytes

    @property
    def stored(self) -> tuple[int, int]:
        return self._store.frames, self._store.used

    @property
    def needed_bytes(self) -> int:
        return self._shortage.needed

    @property
    def next_index(self) -> int:
        return self._first

    @property
    def yields(self) -> bool:
        return not self._failing

    def room_for(self, nbytes: int) -> bool:
        if self._failing:
            return self._nbytes + nbytes <= self._max_bytes
        waiting = sum(entry.nbytes for entry in self._memory.values() if entry.place is None and entry.waits)
        room = self._store.used + waiting + nbytes + OVERHEAD_BYTES <= self._limit
        if not room:
            self._shortage.begin()
        return room

    def room_for_all(self, entries: Sequence[Entry]) -> bool:
        new = [entry.nbytes for entry in entries if not entry.owners]
        return not new or self.room_for(sum(new))

    def may_send(self, entry: Entry) -> bool:
        more = 0 if entry.index in self._memory else entry.nbytes
        return self._nbytes + more <= self._max_bytes

    # what is owed -------------------------------------------------------------------------------------------------

    def hold(self, entry: Entry, owner: Owner) -> None:
        if not entry.owners and entry.is_here:
            self._take_in(entry)
        entry.owners.append(owner)
        self._next = max(self._next, entry.index + 1)
        if entry.place is not None and entry.index >= self._first:
            self._store.owe(entry.index, self._share(entry, owner))

    def release(self, entry: Entry, owner: Owner, *, lost: bool = False) -> None:
        entry.owners.remove(owner)
        mark = owner.settled(entry.identity.stream, entry.identity.run)
        if mark is not None and self._store.frames:
            self._store.mark(owner.name, entry.identity.stream, entry.identity.run, mark)
        if entry.place is not None:
            self._store.done(entry.index, owner.name)
        if lost:
            self._shortage.lose(owner.name, entry.nbytes + OVERHEAD_BYTES, self._store.used, self._limit)
        if not entry.owners:
            self._drop(entry)

    def _take_in(self, entry: Entry) -> None:
        self._memory[entry.index] = entry
        self._nbytes += entry.nbytes

    def _leave_out(self, entry: Entry) -> None:
        if self._memory.pop(entry.index, None) is not None:
            self._nbytes -= entry.nbytes

    def _drop(self, entry: Entry) -> None:
        self._leave_out(entry)
        place, entry.place = entry.place, None
        if place is not None:
            self._store.drop(place)
            self._retry_at = 0.0
        if not self._store.frames:
            self._shortage.end()
        settle(entry)

    # to the disk and back -----------------------------------------------------------------------------------------

    def put_away(self, shown: Callable[[], set[Entry]]) -> Iterable[Entry]:
        waiting = [entry for entry in self._memory.values() if entry.waits and entry.place is None]
        hopeless = self._write_all(waiting) if waiting and time.monotonic() >= self._retry_at else ()
        idle = [entry for entry in self._memory.values() if entry.place is not None and not entry.lent]
        if idle:
            still_shown = shown()
            for entry in idle:
                if entry not in still_shown:
                    self._leave_out(entry)
                    entry.let_go()
        self._store.commit()
        return hopeless

    def _write_all(self, waiting: list[Entry]) -> list[Entry]:
        """Write them in order, as long as the disk takes them; those of which no message can be made."""
        hopeless = []
        for entry in waiting:
            if self._store.used + entry.nbytes > self._spool_bytes:
                break
            try:
                self._write(entry)
            except BadFrame as error:
                log.error("%s", str(error))
                hopeless.append(entry)
            except OSError as error:
                self._fail(error)
                break
        return hopeless

    def _write(self, entry: Entry) -> None:
        made = parcel(Delivery(entry, 0))
        shares = tuple(self._share(entry, owner) for owner in entry.owners)
        what = entry.identity.stream, entry.identity.run, entry.identity.seq, entry.nbytes, entry.packet, entry.starts
        entry.place = self._store.put(Label(entry.index, *what, shares), made.head, made.payload)
        self._limit, self._failing = self._spool_bytes, False
        settle(entry)

    def _fail(self, error: OSError) -> None:
        """What could not be written stays in memory, and is tried again."""
        self._retry_at = time.monotonic() + RETRY_S
        if error.errno in _FULL:
            self._limit = self._store.used
            self._shortage.begin()
        elif not self._failing:
            self._failing = True
            log.error(
                "spool %s: %s; frames that are owed stay in memory, and are lost where `retain` is too small for them",
                *(self._store.folder, error.strerror or error),
            )

    def recall(self, entry: Entry) -> bool:
        place = entry.place
        try:
            item, _ = header.decode(*self._store.read(place))
            if item.identity != entry.identity:
                raise BadFrame("another frame is there")
        except (BadFrame, OSError) as error:
            what = f"frame {entry.identity.seq} of stream {entry.identity.stream!r} cannot be read ({error})"
            log.error("spool %s: %s and is lost", place.segment.path, what)
            place.segment.broken = what
            return False
        entry.bring(item)
        self._take_in(entry)
        return True

    # who is owed --------------------------------------------------------------------------------------------------

    def _share(self, entry: Entry, owner: Owner) -> Share:
        settled = owner.settled(entry.identity.stream, entry.identity.run)
        last, thinned = settled or (entry.first - 1, entry.first)
        if owner not in self._names:
            self.remember(owner)
        return Share(owner.name, owner.thinned_before(entry), last, thinned)

    def remember(self, owner: Owner) -> None:
        before = self._names.get(owner, owner.name)
        group = notes.Group(owner.name, owner.want, owner.max_fps, owner.exclusive)
        if before == owner.name:
            self._store.remember(group)
        else:
            self._store.rename(before, group, self._next)
        self._names[owner] = owner.name

    def forget(self, owner: Owner) -> None:
        name = self._names.pop(owner, None)
        if name is not None:
            self._store.forget(name)

    def restored(self) -> list[Remembered]:
        owed: dict[str, list[tuple[Entry, int]]] = {name: [] for name in self._store.groups}
        for label, place in self._store.found:
            identity = Identity(label.stream, label.run, label.seq)
            entry = Entry(identity, label.order, label.nbytes, packet=label.packet, starts=label.starts, place=place)
            for share in label.shares:
                owed[share.group].append((entry, share.thinned))
        self._store.found = []
        return [
            Remembered(
                name=group.name,
                want=group.want,
                max_fps=group.max_fps,
                exclusive=group.exclusive,
                owed=owed[group.name],
                marks=dict(self._store.marks.of(group.name)),
            )
            for group in self._store.groups.values()
        ]

    # the end ------------------------------------------------------------------------------------------------------

    def close(self) -> None:
        lost = self._write_all([entry for entry in self._memory.values() if entry.place is None])
        left = [entry for entry in self._memory.values() if entry.place is None and entry not in lost]
        if left:
            log.error("spool %s: %d frames that are owed could not be kept", self._store.folder, len(left))
        if self._store.frames:
            log.warning(
                "spool %s keeps %s frames (%.1f MB) for readers who are away, until you publish with it again",
                *(self._store.folder, f"{self._store.frames:,}", self._store.used / 1e6),
            )
        self._store.close()

    def disown(self) -> None:
        self._store.disown()
