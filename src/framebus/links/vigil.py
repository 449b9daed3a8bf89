"""One thread that waits for several ends at once, and drives those that something came to: nobody else is woken."""

from __future__ import annotations

import select
import time
from collections.abc import Iterable, Sequence

from framebus.links.publishing import LinkPublisher


def wait(publishers: Iterable[LinkPublisher], also: Sequence[int], limit_s: float) -> list[int]:
    """Sleep until something came to one of `publishers`, which is taken in, a descriptor `also` is readable, or
    `limit_s` have passed; those of `also` that are readable.
    """
    poll = select.poll()
    for descriptor in also:
        poll.register(descriptor, select.POLLIN)
    waited = [publisher for publisher in publishers if publisher.expect()]
    try:
        for publisher in waited:
            poll.register(publisher.descriptor, select.POLLIN)
        ready = {descriptor for descriptor, _ in poll.poll(max(0.0, limit_s) * 1000)}
    finally:
        now = time.monotonic()
        for publisher in waited:
            publisher.met(now)
    return [descriptor for descriptor in also if descriptor in ready]
