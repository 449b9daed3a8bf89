"""Everybody a publisher serves: readers in their groups, with what each group is owed."""

from __future__ import annotations

from typing import NamedTuple

from framebus.core.frame import Identity
from framebus.session import joining, pressure
from framebus.session.absences import Absences
from framebus.session.expected import Expected
from framebus.session.farewells import farewells
from framebus.session.group import Group
from framebus.session.guests import Guests
from framebus.session.latest import LatestGroup, shown
from framebus.session.lossless import LosslessGroup
from framebus.session.member import Member
from framebus.session.objection import Objection
from framebus.session.outgoing import Action, Delivery, Entry, Peer
from framebus.session.retention import Retention
from framebus.session.rules import ANONYMOUS_PATIENCE_S, LEISURE_NEWEST_S, LEISURE_S, MAX_GROUPS, PublisherRules
from framebus.session.stream_progress import StreamProgress
from framebus.session.wishes import Wishes
from framebus.wire.control import Credit, FrameRange, Hello, StreamState, identities

ANONYMOUS = "session:"


class Admission(NamedTuple):
    """How an admitted reader is served, and where it begins in each stream."""

    group: Group
    positions: tuple[StreamState, ...]
    resumed: bool


class Audience:
    """Groups and members, credit and acknowledgements. Everything to be sent is appended to `out`."""

    def __init__(self, rules: PublisherRules, retention: Retention, out: list[tuple[Peer, Action]]) -> None:
        self.rules = rules
        self.retention = retention
        self.out = out
        self.streams: dict[str, StreamProgress] = {}
        self.groups: dict[str, Group] = {}
        self.members: dict[Peer, Member] = {}
        self._sessions: dict[str, Peer] = {}
        self._expected = Expected(rules.wait_for_groups)
        self._absent = Absences()
        for name in rules.wait_for_groups:
            self.groups[name] = self._lossless(name, named=True)

    def _lossless(self, name: str, *, named: bool) -> LosslessGroup:
        group = LosslessGroup(name, self._deliver, self.retention)
        group.may_stop_publisher = self.rules.may_stop(named=named)
        return group

    # frames ------------------------------------------------------------------------------------------------

    def progress(self, stream: str, run: int, first: int, *, packets: bool) -> StreamProgress:
        """Where `stream` stands; a new stream begins at number `first`."""
        progress = self.streams.get(stream)
        if progress is None:
            progress = self.streams[stream] = StreamProgress(stream, run, first)
        if packets and not progress.packets:
            progress.packets = True
            self._refuse_thinning(stream)
        return progress

    def _refuse_thinning(self, stream: str) -> None:
        """`stream` turns out to be coded video: who came before that was known may have asked too much."""
        for peer, member in list(self.members.items()):
            objection = joining.objection_to_packets(member.group, stream)
            if objection is not None:
                self.out.append((peer, objection.refuse(member.session)))
                self.leave(peer, 0.0, for_good=True)

    def offer(self, entry: Entry, gap: int, now: float) -> bool:
        """Send `entry` to whoever may have it now, keep it for who is owed it; False when nobody is there.

        `gap` frames before it never reached this publisher.
        """
        stream = entry.identity.stream
        reached = False
        entry.fits = self.retention.room_for(entry.nbytes)
        for group in tuple(self.groups.values()):
            if group.wants(stream):
                reached |= bool(group.members)
                group.note_gap(stream, gap)
                group.offer(entry, now)
        return reached or bool(entry.owners)

    def blocked_by(self, nbytes: int, stream: str | None = None) -> str | None:
        """The group that keeps a frame of `nbytes` from being sent now, and is allowed to; None to go ahead.

        See `pressure.py` for what happens to the frames of those that are not allowed to.
        """
        if self.retention.room_for(nbytes) or not self.retention.yields:
            return None
        return pressure.make_room(self.groups.values(), self.retention, self.rules.retain_bytes, nbytes, stream)

    def owing(self, *, stoppers_only: bool = False) -> list[str]:
        """The lossless groups that have not acknowledged everything yet, and get it from this process or never."""
        owed = [g for g in self.groups.values() if isinstance(g, LosslessGroup) and self._has_to_wait_for(g)]
        return [g.name for g in owed if g.may_stop_publisher or not stoppers_only]

    def _has_to_wait_for(self, group: Group) -> bool:
        return bool(group.owed) and not (self.retention.lasts and not group.members)

    @property
    def owed_bytes(self) -> int:
        """What lossless groups have not acknowledged, each by itself."""
        return sum(group.owed_bytes for group in self.groups.values() if isinstance(group, LosslessGroup))

    def put_away(self) -> None:
        """What waits for a reader need not stay in memory."""
        for entry in self.retention.put_away(lambda: shown(self.groups.values(), self.streams.values())):
            for owner in tuple(entry.owners):
                owner.give_up(entry)

    def restore(self, now: float) -> None:
        """Go on for the groups that an earlier process left behind; before anything else happens."""
        for left in self.retention.restored():
            self.groups.pop(self._expected.meant_by(left.name, self.groups), None)
            group = self.groups[left.name] = self._lossless(left.name, named=False)
            group.restore(left)
            if left.name.startswith(ANONYMOUS):
                group.forget_at = now + ANONYMOUS_PATIENCE_S

    def conclude(self) -> None:
        """The streams ended in good order: groups that know it are not waited for by a successor."""
        for group in self.groups.values():
            if isinstance(group, LosslessGroup) and group.told_end:
                self.retention.forget(group)

    def _deliver(self, group: Group, member: Member, entry: Entry) -> None:
        progress = self.streams.get(entry.identity.stream)
        first = progress.first if progress is not None and progress.run == entry.identity.run else 0
        assert member.peer is not None  # noqa: S101  (a member without a connection has no credit)
        self.out.append((member.peer, Delivery(entry, group.thinned_for(member, entry, first))))
        if member.one_shot and member.sent >= member.granted:
            self.leave(member.peer, 0.0, for_good=True)

    @property
    def waits(self) -> bool:
        """True while a group has a frame that none of its members may be sent."""
        return any(group.waits for group in self.groups.values())

    def leisure_s(self) -> float:
        """How soon credit should be noticed: at once where a newest frame is held for it."""
        leisure_s = LEISURE_S
        for group in self.groups.values():
            if isinstance(group, LatestGroup):
                if group.held:
                    return 0.0
                leisure_s = LEISURE_NEWEST_S
        return leisure_s

    # readers come and go -----------------------------------------------------------------------------------

    def missing(self) -> list[str]:
        """Which groups of `wait_for` have not been there yet."""
        return self._expected.missing()

    def admit(self, peer: Peer, wishes: Wishes, guests: Guests, now: float) -> Objection | Admission:
        """A reader introduces itself, for the first time or again after a break."""
        before = self.members.get(self._sessions.get(wishes.session))
        for old in {peer, self._sessions.get(wishes.session)} & self.members.keys():
            self.leave(old, now, for_good=False)
        key = wishes.group or ANONYMOUS + wishes.session
        awaited = self._expected.meant_by(key, self.groups)
        group = self.groups.get(key) or self.groups.get(awaited)
        rights = guests.rights(peer)
        objection = joining.objection(wishes, group, rights, self.streams.values(), len(self.groups))
        if objection is not None:
            return objection
        self._expected.came(awaited)
        resumed = group is not None
        if group is None:
            group = self._found(wishes)
            if before is not None and not before.sent and isinstance(group, LatestGroup):
                group.inherit(before)  # it came by another way and has been sent nothing yet
        elif key not in self.groups:
            del self.groups[group.name]
        self.groups[key] = group
        group.name = key
        return Admission(group, self._join(peer, group, wishes, guests, resumed=resumed), resumed)

    def knows(self, peer: Peer, hello: Hello) -> bool:
        """True when that very hello has been answered."""
        member = self.members.get(peer)
        return member is not None and (member.session, member.attempt) == (hello.session, hello.attempt)

    def _found(self, wishes: Wishes) -> Group:
        newest = (wishes.keep or ("latest" if self.rules.live else "all")) == "latest"
        return LatestGroup("", self._deliver) if newest else self._lossless("", named=False)

    def _join(
        self, peer: Peer, group: Group, wishes: Wishes, guests: Guests, *, resumed: bool
    ) -> tuple[StreamState, ...]:
        """Make `peer` a member; where it begins in each stream."""
        member = Member(wishes.session, peer, group, wishes.window_bytes)
        member.attempt, member.party = wishes.attempt, wishes.party
        member.rights, member.address = guests.rights(peer), guests.address(peer)
        if not group.members:
            exclusive = wishes.exclusive or not wishes.group
            group.shape(wishes.want, wishes.max_fps, exclusive=exclusive, rights=member.rights)
        positions = joining.positions(member, self.streams.values(), resumed=resumed)
        group.forget_at = None
        if isinstance(group, LosslessGroup):
            self.retention.remember(group)
        group.members[wishes.session] = self.members[peer] = member
        self._sessions[wishes.session] = peer
        self._absent.end(wishes.session)
        return positions

    def one_shot(self, peer: Peer, message: Credit, guests: Guests, now: float) -> Objection | None:
        """A live read without a hello: `credit` more frames of the wanted stream, newest only.

        The reader is here as long as it has credit: it may be a plain socket that can neither answer nor say goodbye.
        """
        rights = guests.rights(peer)
        if message.want and rights is not None and not rights.allows("read", message.want):
            return Objection("rights", f"this key may not read {message.want!r}")
        if message.credit <= 0:
            return None
        member = self.members.get(peer)
        if member is None:
            if len(self.groups) >= MAX_GROUPS:
                return joining.CROWDED
            member = self._join_for_one_shot(peer, guests)
        want = (message.want,) if message.want else ()
        member.group.shape(want, 0.0, exclusive=True, rights=rights)
        member.granted += message.credit
        return None

    def _join_for_one_shot(self, peer: Peer, guests: Guests) -> Member:
        group = LatestGroup(f"one-shot:{peer!r}", self._deliver)
        member = Member("", peer, group, one_shot=True)
        member.address = guests.address(peer)
        group.members[""] = self.members[peer] = member
        self.groups[group.name] = group
        return member

    def leave(self, peer: Peer, now: float, *, for_good: bool) -> None:
        """A reader is gone: for good, or perhaps to return within its group's patience."""
        member = self.members.pop(peer, None)
        if member is None:
            return
        self._sessions.pop(member.session, None)
        group = member.group
        if for_good:
            self.goodbye(group.name)
            member.told_at_end.clear()
        elif member.told_end or isinstance(group, LosslessGroup):
            self._absent.begin(member.session, group.name, now, told_end=member.told_end)
        group.leave(member)
        if not isinstance(group, LosslessGroup):
            if not group.members:
                del self.groups[group.name]
            return
        if group.name.startswith(ANONYMOUS):
            group.forget_at = now if for_good else now + min(self.rules.patience_s, ANONYMOUS_PATIENCE_S)
        self._look_after(group, now)

    def goodbye(self, who: str) -> bool:
        """A group, or a session that lost its connection before it could answer, need not be waited for.

        True for one that was told the end before it went.
        """
        return self._absent.goodbye(who)

    def _look_after(self, group: Group, now: float) -> None:
        if isinstance(group, LosslessGroup) and group.forget_at is not None and now >= group.forget_at:
            group.forget()
            self.retention.forget(group)
            del self.groups[group.name]
        elif group.members:
            group.pump(now)

    # credit and acknowledgements ---------------------------------------------------------------------------

    def credit(self, member: Member, total: int, now: float) -> None:
        """`member` may have been sent `total` frames since its last hello."""
        member.granted = max(member.granted, total)
        member.group.pump(now)

    def acknowledge(self, member: Member, ranges: tuple[FrameRange, ...]) -> None:
        """`member` has these frames where they belong."""
        group = member.group
        if isinstance(group, LosslessGroup):
            for frames in ranges:
                for identity in identities(frames):
                    group.acknowledge(identity)

    def answer(self, member: Member, identity: Identity) -> bool:
        """`member` answered that frame; False when somebody already did."""
        group = member.group
        if not isinstance(group, LosslessGroup) or not group.is_owed(identity):
            return False
        group.acknowledge(identity)
        return True

    # time and the end --------------------------------------------------------------------------------------

    def tick(self, now: float) -> None:
        """Release what nobody came back for; send what a frame-rate limit held back."""
        for group in list(self.groups.values()):
            self._look_after(group, now)
        self._absent.tick(now)

    def deadline(self, now: float) -> float | None:
        """When `tick` should be called at the latest, or None."""
        times = [at for group in self.groups.values() for at in (group.forget_at, group.deadline(now))]
        return min((at for at in [*times, self._absent.deadline()] if at is not None), default=None)

    def end_readers(self, *, at_once: bool) -> None:
        """Tell every reader that has all it is owed that the streams ended, and how many frames there were.

        A newest frame that a reader had no time for yet is waited for, unless `at_once`.
        """
        self.out.extend(farewells(self.groups.values(), self.streams.values(), at_once=at_once))

    @property
    def settled(self) -> bool:
        """True when nobody is owed anything, and every reader that heard the end, or should, has confirmed it."""
        waiting = any(not member.one_shot for member in self.members.values())
        return not waiting and not self._absent and not self.owing()
