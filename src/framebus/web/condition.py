"""How a stream is, in a word and a reason: decided from what is known, without a clock."""

from __future__ import annotations

from typing import Literal, NamedTuple

from framebus.core.contracts import SourceState
from framebus.links.presence import STALLED_INTERVALS, STALLED_S

State = Literal["live", "stalled", "away", "ended", "waiting"]

GONE_S = 4.0
"""A stream nobody publishes any more is shown this long after its last picture."""


class Condition(NamedTuple):
    """One word, and why."""

    state: State
    why: str = ""


def judge(
    *, camera: SourceState | None, ended: str | None, silent_s: float | None, interval_s: float, published: bool | None
) -> Condition:
    """How a stream is.

    camera      how its camera, or the link it comes by, says it is; None where neither does
    ended       why its source gives no more; empty where it simply ended; None while it goes on
    silent_s    since when no picture came; None before the first
    interval_s  between two pictures, usually
    published   whether somebody on this machine still publishes it; None where that is not known
    """
    if ended is not None:
        return Condition("away", ended) if ended else Condition("ended", "the source ended")
    if camera is not None and camera.state != "live":
        return Condition(camera.state, camera.why or "no picture comes")
    if silent_s is None:
        return Condition("waiting", "no picture yet")
    if silent_s <= max(STALLED_S, STALLED_INTERVALS * interval_s):
        return Condition("live")
    if published is False:
        return Condition("away", "nobody publishes it any more")
    return Condition("stalled", "no picture comes")


def gone(*, silent_s: float | None, published: bool | None, watchable: bool) -> bool:
    """Whether a stream is to vanish from the page: its publisher left, and the place it came from has others."""
    return watchable and published is False and silent_s is not None and silent_s > GONE_S
