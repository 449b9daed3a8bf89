"""The end of a flow that somebody asked for."""

from __future__ import annotations

import time
from collections.abc import Callable

from framebus.verbs.flow import GRACE_S, Flow, Progress

LOOK_S = 0.1


def see_end(flow: Flow, ended: Callable[[float], bool], look_s: float = LOOK_S) -> None:
    """Have `flow` read no more; let what is in flight arrive, but do not wait for readers that are not there.

    `ended(look_s)` waits for so long and tells whether the flow has ended.
    """
    flow.stop()
    deadline = time.monotonic() + GRACE_S
    while not ended(look_s):
        if time.monotonic() > deadline or _waits_for_nobody(flow.progress()):
            flow.abandon()
            return


def _waits_for_nobody(progress: Progress) -> bool:
    return progress.phase == "writing" and all(reader.away for reader in progress.readers)
