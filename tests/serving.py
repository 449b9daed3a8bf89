"""A service or a device that runs while a test asks it something."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol, TypeVar


class Runs(Protocol):
    """What `framebus.work.serve.serving` and `framebus.work.device.serving` give."""

    def run(self) -> object: ...
    def stop(self) -> object: ...


T = TypeVar("T", bound=Runs)


@contextmanager
def running(served: T) -> Iterator[T]:
    """In a thread of this process."""
    thread = threading.Thread(target=served.run)
    thread.start()
    try:
        yield served
    finally:
        served.stop()
        thread.join()
