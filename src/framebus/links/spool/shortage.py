"""A spool that is too small: said once, and again with the final figure when everybody has caught up."""

from __future__ import annotations

import logging

log = logging.getLogger("framebus")


class Shortage:
    """What is given up for want of room between two times at which nothing was owed."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._short = False
        self._frames = 0
        self._lost = 0
        self.needed = 0
        """How many bytes would have held everything so far; 0 where nothing was given up."""

    def begin(self) -> None:
        """There is no room for one frame more."""
        self._short = True

    def lose(self, group: str, nbytes: int, used: int, limit: int) -> None:
        """`group` gives up a frame of `nbytes` while `used` of `limit` bytes are taken."""
        if not self._short:
            return
        self._frames += 1
        self._lost += nbytes
        self.needed = max(self.needed, used + self._lost)
        if self._frames == 1:
            log.warning(
                "spool %s is full (%d of %d bytes): group %s misses its oldest frames from here on, which is counted; "
                "%d bytes would have held all so far",
                *(self._folder, used, limit, group, self.needed),
            )

    def end(self) -> None:
        """Nothing is owed any more."""
        if self._frames:
            text = "spool %s: everybody has caught up; %d frames were given up, spool_size=%d would have kept them"
            log.warning(text, self._folder, self._frames, self.needed)
        self._short, self._frames, self.needed, self._lost = False, 0, 0, 0
