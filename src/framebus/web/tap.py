"""A stream that only this process reads, passed on to a recorder of its own: a private link, open while one records."""

from __future__ import annotations

import os
import shutil
import tempfile

from framebus.core.addresses import Link
from framebus.core.closing import Closing
from framebus.core.contracts import Item
from framebus.core.errors import Error, Timeout
from framebus.sinks.place import saying
from framebus.verbs.publish import publish_at

PATIENCE_S = 3.0


class Tap(Closing):
    """Called with items, in the thread that reads them; passes them on and never waits. Raises `Unavailable`.

    What a recorder is too slow for is kept for it up to 256 MB, then left out and counted as missed.
    """

    def __init__(self) -> None:
        with saying(tempfile.gettempdir()):
            self._folder = tempfile.mkdtemp(prefix="fbtap")
        self.address = Link("ipc", path=os.path.join(self._folder, "tap"))
        self.trouble = ""
        """Why an item could not be passed on."""
        try:
            self._publisher = publish_at(self.address, {"when_full": "skip", "patience": PATIENCE_S}, live=True)
        except BaseException:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise

    def __call__(self, item: Item) -> None:
        """Pass it on."""
        try:
            self._publisher.send(item)
        except Error as error:  # the page goes on in any case
            self.trouble = str(error)

    def close(self) -> None:
        """Wait a moment until the recorder has what it is owed; idempotent."""
        try:
            self._publisher.close()
        except Timeout as error:
            self.trouble = str(error)
        shutil.rmtree(self._folder, ignore_errors=True)
