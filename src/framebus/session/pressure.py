"""When no more frames can be kept: which groups may hold the publisher up, and which lose frames instead."""

from __future__ import annotations

from collections.abc import Iterable

from framebus.session.group import Group
from framebus.session.lossless import LosslessGroup
from framebus.session.retention import Retention


def make_room(groups: Iterable[Group], retention: Retention, limit: int, nbytes: int, stream: str | None) -> str | None:
    """The group that keeps a frame of `nbytes` from being sent now, and is allowed to; None to go ahead.

    Groups that are not allowed to give up their oldest unsent frames instead, and count them. Nothing is in the way
    of a `stream` that no lossless group wants. `limit` is how many bytes `retention` keeps.
    """
    lossless = [group for group in groups if isinstance(group, LosslessGroup)]
    if not any(stream is None or group.wants(stream) for group in lossless):
        return None
    stopper = max((g for g in lossless if g.owed and g.may_stop_publisher), key=_bytes, default=None)
    while not retention.room_for(nbytes):
        alone = stopper is not None and stopper.owed_bytes + nbytes > limit
        if alone or not _give_up_one(lossless):
            return stopper.name if stopper else None
    return None


def _give_up_one(lossless: list[LosslessGroup]) -> bool:
    patient = sorted((g for g in lossless if not g.may_stop_publisher), key=_bytes, reverse=True)
    return any(group.drop_oldest() for group in patient)


def _bytes(group: LosslessGroup) -> int:
    return group.owed_bytes
