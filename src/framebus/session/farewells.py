"""The end of a publisher's streams, as its readers are told of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from framebus.session.group import Group
from framebus.session.latest import LatestGroup
from framebus.session.member import Member
from framebus.session.outgoing import Peer
from framebus.session.stream_progress import StreamProgress
from framebus.wire.control import End, StreamState


def farewells(
    groups: Iterable[Group], streams: Collection[StreamProgress], *, at_once: bool
) -> Iterator[tuple[Peer, End]]:
    """To every reader that has all it is owed, once: how many frames there were.

    A newest frame that a reader had no time for yet is waited for, unless `at_once`.
    """
    for group in groups:
        if at_once and isinstance(group, LatestGroup):
            group.drop_held()
        for member in [] if group.owed else group.members.values():
            if member.peer is not None and not member.told_end and not member.one_shot:
                member.told_end = group.told_end = True
                counts = tuple(_count(group, member, s) for s in streams if group.wants(s.name))
                yield member.peer, End(session=member.session, streams=counts)


def _count(group: Group, member: Member, s: StreamProgress) -> StreamState:
    return StreamState(name=s.name, run=f"{s.run:016x}", next=s.next, thinned=group.thinned_at_end(member, s))
