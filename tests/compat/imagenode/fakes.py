"""Hubs that the test can switch off and on, behind the interface of a sender."""

from __future__ import annotations

import threading
from typing import Any

from framebus.core.errors import Timeout


class Network:
    """Which hubs answer, and what they got."""

    def __init__(self, *hubs: str) -> None:
        self.answering = set(hubs)
        self.got: list[tuple[str, str, Any]] = []
        self.asked: list[str] = []
        self.open = 0
        self._news = threading.Condition()

    def connect(self, address: str, patience_s: float = 1.0) -> FakeSender:
        """A sender to `address`."""
        self.open += 1
        return FakeSender(self, address)

    def texts(self, hub: str | None = None) -> list[str]:
        """What `hub`, or any, got."""
        return [text for where, text, _ in self.got if hub in (None, where)]

    def send(self, address: str, text: str, payload: Any) -> None:
        """As a sender does."""
        with self._news:
            self.asked.append(address)
            self._news.notify_all()
            if address not in self.answering:
                raise Timeout(f"{address} did not answer")
            self.got.append((address, text, payload))
            self._news.notify_all()

    def wait_for(self, text: str) -> None:
        """Until some hub got it."""
        with self._news:
            assert self._news.wait_for(lambda: text in [got for _, got, _ in self.got], 20)

    def wait_asked(self, count: int) -> None:
        """Until hubs were asked so often."""
        with self._news:
            assert self._news.wait_for(lambda: len(self.asked) >= count, 20)


class FakeSender:
    """A connection to one hub."""

    def __init__(self, network: Network, address: str) -> None:
        self._network = network
        self._address = address

    def send_image(self, msg: str, image: Any) -> bytes:
        """Pixels."""
        self._network.send(self._address, msg, image)
        return b"OK"

    def send_jpg(self, msg: str, jpg_buffer: bytes) -> bytes:
        """A JPEG."""
        self._network.send(self._address, msg, jpg_buffer)
        return b"OK"

    def close(self) -> None:
        """Count it."""
        self._network.open -= 1
