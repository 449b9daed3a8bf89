"""What a publisher tells observers about itself: plain data, shallow enough for a control message."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from framebus.session.group import Group

if TYPE_CHECKING:
    from framebus.session.publisher import PublisherSession


def publisher_status(session: PublisherSession) -> dict[str, Any]:
    """Streams with their numbers, and readers with what they missed and are owed.

    A camera from which nothing has come yet is a stream, too, where the carrier knows how it is.
    """
    audience = session.audience
    more = session.on_status() if session.on_status else {}
    silent = [name for name in more if name not in audience.streams]
    return {
        "live": session.rules.live,
        "unseen": session.unseen,
        "retained_bytes": audience.retention.nbytes,
        "spooled_frames": audience.retention.stored[0],
        "spooled_bytes": audience.retention.stored[1],
        "spool_needed_bytes": audience.retention.needed_bytes,
        "streams": [
            more.get(s.name, {}) | {"name": s.name, "run": f"{s.run:016x}", "frames": s.frames, "packets": s.packets}
            for s in audience.streams.values()
        ]
        + [more[name] | {"name": name, "frames": 0} for name in silent],
        "readers": [reader for group in audience.groups.values() for reader in _readers(group, session)],
    }


def _readers(group: Group, session: PublisherSession) -> list[dict[str, Any]]:
    common = {"group": group.name, "keep": group.keep, "missed": group.missed, "owed": group.owed}
    if not group.members:
        return [common | {"away": True}]
    return [
        common
        | {
            "away": False,
            "credit": member.granted - member.sent,
            "sent": member.sent,
            "leases": session.on_leases(member.peer) if session.on_leases else 0,
            "pid": member.party.pid,
            "command": member.party.command,
            "hostname": member.party.hostname,
            "address": member.address,
        }
        for member in group.members.values()
    ]
