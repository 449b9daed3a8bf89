"""A reader joins a group: whether it can be served as it wishes, and where it begins in each stream."""

from __future__ import annotations

from collections.abc import Iterable

from framebus.session import wishes
from framebus.session.group import Group
from framebus.session.member import Mark, Member
from framebus.session.objection import Objection
from framebus.session.outgoing import Rights
from framebus.session.rules import MAX_GROUPS
from framebus.session.stream_progress import StreamProgress
from framebus.session.wishes import Wishes
from framebus.wire.control import StreamState

NO_THINNING = "max_fps cannot thin coded video: packets depend on those before them; leave max_fps out"
MAX_EARLIER = 256
"""Runs of earlier processes that a reader is told of: its welcome has to fit into a message."""
CROWDED = Objection("request", f"{MAX_GROUPS} readers are here already: try again later", retry=True)


def objection(
    wished: Wishes, group: Group | None, rights: Rights | None, streams: Iterable[StreamProgress], groups: int
) -> Objection | None:
    """What stands against a reader of `streams`, if anything; `group` is the one it joins, of so many `groups`."""
    packets = [s.name for s in streams if s.packets]
    wanted = wished.want or ("*",)
    denied = [want for want in wanted if rights is not None and not rights.reaches("read", want)]
    if denied:
        what = "any stream" if {"", "*"} & set(denied) else ", ".join(denied)
        return Objection("rights", f"this key may not read {what}")
    if wished.max_fps and any(wishes.include(wished, name) for name in packets):
        return Objection("packets", NO_THINNING)
    if group is not None:
        return _to_company(wished, group, packets)
    return CROWDED if groups >= MAX_GROUPS else None


def _to_company(wished: Wishes, group: Group, packets: list[str]) -> Objection | None:
    """What the group, and who is in it, have against one more."""
    if wished.keep not in (None, group.keep):
        text = f"group {group.name!r} is read with keep={group.keep!r}: say the same, or name another group"
        return Objection("request", text)
    if not group.members:
        return None
    if group.owes_packets or any(group.wants(name) for name in packets):
        return Objection("packets", _takes_one(group), retry=True)
    if group.exclusive or wished.exclusive:
        first = next(iter(group.members.values())).party
        who = f"{first.command or 'a reader'} (pid {first.pid} on {first.hostname or 'this machine'})"
        return Objection("member", f"group {group.name!r} takes one member and has one: {who}", retry=True)
    if (wished.want, wished.max_fps) != (group.want, group.max_fps):
        text = f"members of group {group.name!r} share frames: ask for the same streams and max_fps as the others"
        return Objection("request", text)
    return None


def objection_to_packets(group: Group, stream: str) -> Objection | None:
    """What stands against the members of `group`, now that `stream` turns out to be coded video."""
    if not group.wants(stream) or not (group.max_fps or len(group.members) > 1):
        return None
    return Objection("packets", NO_THINNING if group.max_fps else _takes_one(group))


def _takes_one(group: Group) -> str:
    """The sentence for a second reader of coded video."""
    return f"group {group.name!r} carries coded video, which cannot be shared: it takes one member"


def positions(member: Member, streams: Iterable[StreamProgress], *, resumed: bool) -> tuple[StreamState, ...]:
    """Where a new `member` begins in each stream, and in runs of earlier processes of which frames are owed.

    `resumed`: its group was there before.
    """
    current = [position(member, s, resumed=resumed) for s in streams if member.group.wants(s.name)]
    runs = [run for run in member.group.earlier() if run not in member.marks][:MAX_EARLIER]
    return (*current, *(_earlier(member, stream, run) for stream, run in runs))


def position(member: Member, s: StreamProgress, *, resumed: bool) -> StreamState:
    """Where a new `member` begins in a stream."""
    if not resumed:
        member.group.start_with(s)
    mark = _begin(member, s.name, s.run, member.group.begin(s), resumed=resumed)
    return StreamState(name=s.name, run=f"{s.run:016x}", next=mark.last + 1, thinned=mark.thinned, packets=s.packets)


def _earlier(member: Member, stream: str, run: int) -> StreamState:
    mark = _begin(member, stream, run, member.group.earlier()[stream, run], resumed=True)
    return StreamState(name=stream, run=f"{run:016x}", next=mark.last + 1, thinned=mark.thinned)


def _begin(member: Member, stream: str, run: int, mark: Mark, *, resumed: bool) -> Mark:
    member.marks[(stream, run)] = mark
    if resumed and not member.group.exclusive:  # what was before was others'; some may turn out to be lost
        mark.thinned = mark.last + 1
    return mark
