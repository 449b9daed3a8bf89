"""Messages that wait to be sent: so many at most, the oldest pictures go first when it is full."""

from __future__ import annotations

import threading
from collections import deque

from framebus.compat.imagenode.node_messages import Message


class Outbox:
    """A queue of at most `most` messages. Thread-safe."""

    def __init__(self, most: int) -> None:
        self.dropped = 0
        """Pictures and events that had to go for newer ones."""
        self._most = most
        self._messages: deque[Message] = deque()
        self._news = threading.Condition()
        self._closed = False

    def put(self, message: Message, *, wait: bool = False) -> None:
        """Add one. Where there is no room, `wait` for it, or else drop the oldest picture (of events, the oldest).

        Nothing is added once it is closed.
        """
        with self._news:
            if wait:
                self._news.wait_for(lambda: self._closed or len(self._messages) < self._most)
            if self._closed:
                return
            if len(self._messages) >= self._most:
                self._drop()
            self._messages.append(message)
            self._news.notify_all()

    def take(self, timeout_s: float | None) -> Message | None:
        """The oldest; None after `timeout_s` seconds without one, and when it is closed and empty."""
        with self._news:
            self._news.wait_for(lambda: self._closed or self._messages, timeout_s)
            if not self._messages:
                return None
            message = self._messages.popleft()
            self._news.notify_all()
            return message

    def close(self) -> None:
        """Take no more; what is in it can still be taken. Idempotent."""
        with self._news:
            self._closed = True
            self._news.notify_all()

    @property
    def finished(self) -> bool:
        """Whether it is closed and empty."""
        with self._news:
            return self._closed and not self._messages

    def _drop(self) -> None:
        self.dropped += 1
        oldest = next((place for place, message in enumerate(self._messages) if message.picture is not None), 0)
        del self._messages[oldest]
