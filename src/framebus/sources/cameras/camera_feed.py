"""One connection to a camera: what every kind of camera provides, and the keeper makes again when it breaks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Protocol, TypeAlias

from framebus.core import clock
from framebus.core.contracts import Item


class Feed(Protocol):
    """Pictures of one connection.

    Items carry no identity (`stream` empty, `run` and `seq` 0), but the time at which the first byte of the picture
    arrived. What was lost before an item is counted in its `missed`.
    """

    def __iter__(self) -> Iterator[Item]:
        """Pictures as they come. Iterated once, in one thread.

        Raises `Unavailable` (text for people, credentials redacted) when the connection breaks, or nothing came for
        longer than its deadline; ends normally only where the other side said that it ends.
        """
        ...

    def close(self) -> None:
        """End it; from any thread, at any time, more than once. The iteration ends within half a second."""
        ...


Connect: TypeAlias = Callable[[], Feed]
"""Makes a feed; raises `Unavailable` where the camera cannot be reached or refuses, and blocks no longer than the
deadline it was made for."""


def arrived_now() -> dict[str, Any]:
    """The capture times of something that arrives at this moment."""
    return {"captured_ns": clock.utc_ns(), "captured_mono_ns": clock.mono_ns(), "clock": clock.boot_id()}
