"""Readers that share a stream under one name. A reader without a group is alone in one of its own.

How frames are kept for them: `latest.py` one newest of each stream, `lossless.py` every one until acknowledged.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import ClassVar

from framebus.core.frame import Identity
from framebus.core.names import matches
from framebus.session.member import Mark, Member
from framebus.session.outgoing import Entry, Rights
from framebus.session.stream_progress import StreamProgress
from framebus.wire.control import Keep

Deliver = Callable[["Group", Member, Entry], None]


class Group(ABC):
    """Members, what they want, and what is waiting for them."""

    keep: ClassVar[Keep]

    def __init__(self, name: str, deliver: Deliver) -> None:
        self.name = name
        self.want: tuple[str, ...] = ()
        self.max_fps = 0.0
        self.exclusive = False
        self.rights: Rights | None = None
        self.members: dict[str, Member] = {}
        self.missed = 0
        self.lost: dict[str, int] = {}
        """Frames per stream lost since a member was last told, for members who share."""
        self.told: dict[Identity, int] = {}
        """How many of them were told with a frame in flight; should it be sent again, it tells of the same ones."""
        self.left_out: dict[tuple[str, int], int] = {}
        """Frames per run that `max_fps` had no place for."""
        self.may_stop_publisher = False
        self.forget_at: float | None = None
        """When an abandoned group's frames are released; None while it is used or meant to last."""
        self.told_end = False
        """True once a member was told that the streams ended, with nothing left that is owed."""
        self._deliver = deliver
        self._wanted: dict[str, bool] = {}

    def shape(self, want: tuple[str, ...], max_fps: float, *, exclusive: bool, rights: Rights | None) -> None:
        """The first member says what the group is about."""
        if self.exclusive:
            self.lost.clear()
        self.want, self.max_fps, self.exclusive, self.rights = want, max_fps, exclusive, rights
        self._wanted.clear()

    def wants(self, stream: str) -> bool:
        """True when any pattern names `stream` (no pattern means all) and the group's key covers it."""
        wanted = self._wanted.get(stream)
        if wanted is None:
            named = not self.want or any(matches(pattern, stream) for pattern in self.want)
            wanted = named and (self.rights is None or self.rights.allows("read", stream))
            self._wanted[stream] = wanted
        return wanted

    def note_gap(self, stream: str, count: int) -> None:
        """`count` frames were lost before they reached the publisher."""
        if count:
            self.lost[stream] = self.lost.get(stream, 0) + count

    def lose(self, stream: str, count: int = 1) -> None:
        """`count` frames of `stream` will not reach this group."""
        self.missed += count
        self.note_gap(stream, count)

    # what members are told about gaps ----------------------------------------------------------------------

    def thinned_for(self, member: Member, entry: Entry, first: int) -> int:
        """How many frames before `entry` were not meant for `member`.

        One who is alone sees from the numbers what it missed, also across breaks. Those who share a stream do not:
        gaps are what others got, less what the group lost since somebody was last told.
        """
        if self.exclusive:
            return self.thinned_before(entry)
        identity = entry.identity
        mark = member.mark(identity.stream, identity.run, first)
        lost = self.told[identity] if identity in self.told else self.lost.pop(identity.stream, 0)
        told = self._tell(mark, identity.stream, identity.seq, lost)
        if identity in member.in_flight:
            self.told[identity] = told
        return mark.thinned

    def thinned_at_end(self, member: Member, progress: StreamProgress) -> int:
        """The same count after the last frame of `progress`."""
        if self.exclusive:
            return progress.thinned + self.left_out.get((progress.name, progress.run), 0)
        mark = member.mark(progress.name, progress.run, progress.first)
        lost = self.lost.pop(progress.name, 0)
        member.told_at_end[progress.name] = self._tell(mark, progress.name, progress.next, lost)
        return mark.thinned

    def _tell(self, mark: Mark, stream: str, seq: int, lost: int) -> int:
        """How many of `lost` frames can be told with number `seq`; the others wait for a later one."""
        told = 0
        if seq > mark.last:  # otherwise sent again, and no news to a reader that has seen later ones
            gap = seq - mark.last - 1
            told = min(lost, mark.thinned + gap)
            mark.thinned += gap - told
            mark.last = seq
        self.note_gap(stream, lost - told)
        return told

    def leave_out(self, entry: Entry) -> None:
        """`max_fps` has no place for `entry`."""
        key = (entry.identity.stream, entry.identity.run)
        self.left_out[key] = self.left_out.get(key, 0) + 1

    def thinned_before(self, entry: Entry) -> int:
        """How many frames before `entry` nobody wanted: on their way here, or because of `max_fps`."""
        return entry.thinned + self.left_out.get((entry.identity.stream, entry.identity.run), 0)

    # sending -----------------------------------------------------------------------------------------------

    def free_member(self, entry: Entry) -> Member | None:
        """The member with most credit left that may take `entry`."""
        best, most = None, 0
        for member in self.members.values():
            left = member.granted - member.sent
            if left > most and member.can_take(entry.nbytes) and member.may_read(entry.identity.stream):
                best, most = member, left
        return best

    def send(self, member: Member, entry: Entry) -> None:
        """Hand `entry` to `member`."""
        member.sent += 1
        self._deliver(self, member, entry)

    @abstractmethod
    def begin(self, progress: StreamProgress) -> Mark:
        """Where a member that joins now begins in a stream."""

    @abstractmethod
    def start_with(self, progress: StreamProgress) -> None:
        """A new group: coded video starts at its current group of pictures, so that a picture comes at once."""

    @abstractmethod
    def offer(self, entry: Entry, now: float) -> None:
        """A new frame of a wanted stream."""

    @abstractmethod
    def pump(self, now: float) -> None:
        """Send what members may take now."""

    @abstractmethod
    def leave(self, member: Member) -> None:
        """`member`'s connection is gone."""

    @property
    @abstractmethod
    def waits(self) -> bool:
        """True while a frame waits until a member may be sent it."""

    @property
    @abstractmethod
    def owed(self) -> int:
        """How many frames are waiting or unacknowledged."""

    def earlier(self) -> dict[tuple[str, int], Mark]:
        """Runs of an earlier process of which frames were owed, and how far members are in them."""
        return {}

    @property
    def owes_packets(self) -> bool:
        """True while coded video waits for a member."""
        return False

    def deadline(self, now: float) -> float | None:
        """When `pump` should be called again without any message, or None."""
        return None
