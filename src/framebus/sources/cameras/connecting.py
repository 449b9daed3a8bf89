"""Making a feed in a thread of its own, so that nobody who closes a camera waits for a host that does not answer."""

from __future__ import annotations

import threading

from framebus.sources.cameras.camera_feed import Connect, Feed


class Connecting:
    """One attempt. A feed that comes after `abandon` is closed at once."""

    def __init__(self, connect: Connect, name: str) -> None:
        self._connect = connect
        self._settled = threading.Condition()
        self._feed: Feed | None = None
        self._error: Exception | None = None
        self._over = False
        self._abandoned = False
        threading.Thread(target=self._run, name=f"framebus connect {name}", daemon=True).start()

    def wait(self) -> Feed | None:
        """The feed, or None where it was abandoned; raises what connecting raised."""
        with self._settled:
            self._settled.wait_for(lambda: self._over or self._abandoned)
            if self._abandoned:
                return None
            if self._error is not None:
                raise self._error
            return self._feed

    def abandon(self) -> None:
        """Wake who waits; the attempt ends by itself."""
        with self._settled:
            self._abandoned = True
            late, self._feed = self._feed, None
            self._settled.notify_all()
        if late is not None:
            late.close()

    def _run(self) -> None:
        try:
            feed, error = self._connect(), None
        except Exception as raised:  # raised again where somebody waits
            feed, error = None, raised
        with self._settled:
            self._over, self._error = True, error
            if not self._abandoned:
                self._feed, feed = feed, None
            self._settled.notify_all()
        if feed is not None:
            feed.close()
