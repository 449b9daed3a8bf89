"""Both kinds of both ends, in one process: hubs that reply in a thread, senders in others."""

from __future__ import annotations

import threading
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import imagezmq as old
import zmq

OLD, OURS = "imagezmq", "framebus.imagezmq"
BOTH = (OLD, OURS)
ENDS = [(sending, receiving) for sending in BOTH for receiving in BOTH]
"""Who sends and who receives."""
HOME = Path(__file__).parents[3]
LOOK_MS = 50


def module(name: str) -> Any:
    """`imagezmq`, or ours."""
    return old if name == OLD else import_module(name)


class Replying:
    """A hub that takes images in a thread of its own and replies with their text."""

    def __init__(self, kind: str, address: str, *, silent: bool = False) -> None:
        self.texts: list[Any] = []
        self.images: list[Any] = []
        self.silent = silent
        """Keep the next reply back until this is False again."""
        self._over = threading.Event()
        self._hub = module(kind).ImageHub(address)
        self._hub.zmq_socket.setsockopt(zmq.RCVTIMEO, LOOK_MS)
        self._thread = threading.Thread(target=self._run, name=f"hub of {kind}")
        self._thread.start()

    def _run(self) -> None:
        while not self._over.is_set():
            try:
                text, image = self._hub.recv_image()
            except zmq.Again:
                continue
            self.texts.append(text)
            self.images.append(image)
            while self.silent and not self._over.wait(0.005):
                pass
            self._hub.send_reply(str(text).encode())

    def close(self) -> None:
        """End the thread and the hub."""
        self._over.set()
        self._thread.join()
        self._hub.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
