"""A hub whose own thread keeps the newest picture, as programs do to stay up to date. MODULE ADDRESS"""

from __future__ import annotations

import sys
import threading
from importlib import import_module
from typing import Any

imagezmq = import_module(sys.argv[1])


class Newest:
    """Reads in a thread; `receive` gives what came last."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._stop = False
        self._ready = threading.Event()
        self._data: Any = None
        self._thread = threading.Thread(target=self._run, args=(), daemon=True)
        self._thread.start()

    def receive(self, timeout: float = 15.0) -> Any:
        """The newest picture and its text."""
        if not self._ready.wait(timeout=timeout):
            raise TimeoutError(f"nothing from {self.address}")
        self._ready.clear()
        return self._data

    def _run(self) -> None:
        receiver = imagezmq.ImageHub(self.address, REQ_REP=False)
        while not self._stop:
            self._data = receiver.recv_jpg()
            self._ready.set()
        receiver.close()

    def close(self) -> None:
        """Stop with the next picture."""
        self._stop = True
        self._thread.join(10)


newest = Newest(sys.argv[2])
for _ in range(3):
    text, jpg = newest.receive()
    print("got", text, len(jpg), len(bytes(jpg)))
newest.close()
