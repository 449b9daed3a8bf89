"""What the drop-in raises besides the errors of framebus."""

from __future__ import annotations

import zmq

from framebus.core.errors import Timeout


class ImageTimeout(Timeout, zmq.Again):  # type: ignore[misc]  # both have `strerror`
    """No reply, or no image, came within the time allowed; also a `zmq.Again`, which older programs catch."""

    def __init__(self, text: str) -> None:
        Exception.__init__(self, text)
        self.errno = int(zmq.EAGAIN)
        self.strerror = text

    def __str__(self) -> str:
        return str(self.strerror)
