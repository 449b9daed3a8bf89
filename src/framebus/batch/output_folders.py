"""The folders that a job writes into: made, locked against others, and swept of what was left half-written."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable
from contextlib import ExitStack

from framebus.batch.inputs.walking import identity
from framebus.batch.stores import objects
from framebus.batch.stores.ledger import folder_for
from framebus.batch.stores.urls import is_url, shown
from framebus.batch.stores.walking import walk
from framebus.batch.writing.files import is_partial
from framebus.core.closing import Closing
from framebus.core.errors import BadFrame, Unavailable
from framebus.sinks.place import PARTIAL, Place, saying


class Places(Closing):
    """One folder or several, of this machine or of a store.

    Raises `Unavailable` where one cannot be made or written to, or is another's just now; of a folder in a store that
    is known of other jobs of this user on this machine alone.
    """

    def __init__(self, roots: Iterable[str]) -> None:
        self._held = ExitStack()
        self._places: list[Place] = []
        self._stores: list[str] = []
        self.now_ns: int | None = None
        """What the clock of a store said, where there is one among them; the slowest where there are several."""
        try:
            for root in {_one(root): root for root in roots}.values():
                self._take(root)
        except BaseException:
            self._held.close()
            raise

    def sweep(self) -> None:
        """Remove files that were being written when whoever wrote them was killed; nobody may be writing now."""
        for place in self._places:
            for name in list(filter(lambda name: is_partial(os.path.basename(name)), place.names(deep=True))):
                place.remove(name)
        for url in self._stores:
            if not objects.appears_whole(url):
                for found in list(walk(url, set(), hidden=True)):
                    if is_partial(found.path.rpartition("/")[2]):
                        objects.remove(found.path)

    def close(self) -> None:
        """Let others have the folders; idempotent."""
        self._held.close()

    def _take(self, root: str) -> None:
        if not is_url(root):
            self._places.append(Place(root))
            self._held.callback(self._places[-1].close)
            return
        ledger = folder_for(root)
        with saying(ledger):
            os.makedirs(os.path.dirname(ledger), mode=0o700, exist_ok=True)
        try:
            self._held.callback(Place(ledger).close)
        except Unavailable as error:
            raise Unavailable(f"{shown(root)}: {error} (what is done of it is written down there)") from error
        self._stores.append(root)
        now_ns = _probed(root)
        self.now_ns = now_ns if self.now_ns is None else min(now_ns, self.now_ns)


def _one(root: str) -> str:
    """The same for all names of one folder."""
    return str(identity(root)) if is_url(root) else os.path.realpath(root)


def _probed(root: str) -> int:
    """Find out now, not at the first picture, whether objects can be made there; what the clock of the store says."""
    url = f"{root}/.framebus-{secrets.token_hex(4)}{PARTIAL}"
    try:
        objects.write(url, b"framebus")
    except BadFrame as error:
        raise Unavailable(str(error)) from error
    entry = objects.entry(url)
    objects.remove(url)
    return 0 if entry is None else entry.written_ns
