"""The folders that a job writes into: made, locked against others, and swept of what was left half-written."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import ExitStack

from framebus.batch.writing.files import is_partial
from framebus.core.closing import Closing
from framebus.sinks.place import Place


class Places(Closing):
    """One folder or several; raises `Unavailable` where one cannot be made, written to, or is another's just now."""

    def __init__(self, roots: Iterable[str]) -> None:
        self._held = ExitStack()
        self._places: list[Place] = []
        try:
            for root in {os.path.realpath(root): root for root in roots}.values():
                self._places.append(Place(root))
                self._held.callback(self._places[-1].close)
        except BaseException:
            self._held.close()
            raise

    def sweep(self) -> None:
        """Remove files that were being written when whoever wrote them was killed; nobody may be writing now."""
        for place in self._places:
            for name in list(filter(lambda name: is_partial(os.path.basename(name)), place.names(deep=True))):
                place.remove(name)

    def close(self) -> None:
        """Let others have the folders; idempotent."""
        self._held.close()
