"""What the two ends' owners decide, and the numbers behind the five rules."""

from __future__ import annotations

import msgspec

from framebus.wire.control import Keep

ANONYMOUS_PATIENCE_S = 10.0
MAX_FRAME_BYTES = 256_000_000
WINDOW_FRAMES = 8
LEISURE_S = 0.02
LEISURE_NEWEST_S = 0.002
WINDOW_BYTES = 64_000_000
MAX_GROUPS = 4096
"""Readers, and groups of them, that one publisher serves or remembers."""
MAX_STREAMS = 1024
"""Stream names that a reader takes from one publisher."""


class PublisherRules(msgspec.Struct, frozen=True, kw_only=True):
    """What a publisher's owner decided; see "What happens when" in the documentation."""

    live: bool = True
    wait_for: int = 0
    wait_for_groups: tuple[str, ...] = ()
    when_full: str | None = None
    patience_s: float = 10.0
    retain_bytes: int = 256_000_000
    group: str = ""
    """At a hub, publishers of one group share their streams: each has a part of the frames of a run."""
    max_bytes: int = MAX_FRAME_BYTES

    @property
    def spools(self) -> bool:
        """True where what is owed is kept on disk."""
        return self.when_full == "spool"

    @property
    def waits_to_start(self) -> bool:
        """True where somebody has to be there before anything is sent; a spool takes what named groups are owed."""
        return bool(self.wait_for or (self.wait_for_groups and not self.spools))

    def may_stop(self, *, named: bool) -> bool:
        """True when a lossless group may make `send` wait; `named` says that `wait_for` names it."""
        if self.when_full is not None:
            return self.when_full == "wait"
        return named or not self.live


class ReaderRules(msgspec.Struct, frozen=True, kw_only=True):
    """What a reader's owner asked for. `keep` None follows the publisher: newest where live, else every frame."""

    want: tuple[str, ...] = ()
    keep: Keep | None = None
    group: str = ""
    exclusive: bool = False
    max_fps: float = 0.0
    packets: bool = False
    window_frames: int = WINDOW_FRAMES
    window_bytes: int = WINDOW_BYTES
    max_inbox_bytes: int = 4 * WINDOW_BYTES

    @property
    def alone(self) -> bool:
        """True where nobody else could have what is on its way here."""
        return self.exclusive or not self.group
