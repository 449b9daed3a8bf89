"""What programs find under `zmq_socket` where there is no ZeroMQ socket: the options they set on it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import zmq

_DEFAULTS = {zmq.RCVTIMEO: -1, zmq.SNDTIMEO: -1, zmq.LINGER: 0}


class SocketStandIn:
    """Takes every ZeroMQ option. `RCVTIMEO` limits, in milliseconds, how long an image or a reply is waited for;
    the others change nothing here. Can be polled, alone or by a `zmq.Poller`, where it belongs to a hub."""

    def __init__(
        self,
        kind: int,
        *,
        limit: Callable[[float | None], None],
        close: Callable[[], None],
        endpoint: Callable[[], str],
        fileno: Callable[[], int] | None = None,
        poll: Callable[[float | None], bool] | None = None,
    ) -> None:
        own = self.__dict__
        own.update(_limit=limit, _close=close, _endpoint=endpoint, _fileno=fileno, _poll=poll, closed=False)
        own["_options"] = {**_DEFAULTS, zmq.TYPE: kind}

    def setsockopt(self, option: int, value: Any) -> None:
        """Set `option`."""
        self._options[zmq.SocketOption(option)] = value
        if option == zmq.RCVTIMEO:
            self._limit(None if value < 0 else value / 1000)

    def getsockopt(self, option: int) -> Any:
        """What `option` was set to; 0 where nothing was said."""
        if option == zmq.LAST_ENDPOINT:
            return self._endpoint().encode()
        return self._options.get(zmq.SocketOption(option), 0)

    set, get = setsockopt, getsockopt

    def poll(self, timeout: float | None = None, flags: int = zmq.POLLIN) -> int:
        """`zmq.POLLIN` once there is an image, 0 after `timeout` milliseconds."""
        if self._poll is None:
            raise AttributeError("an ImageSender cannot be polled: send_image waits for the reply by itself")
        return int(zmq.POLLIN) if self._poll(None if timeout is None else timeout / 1000) else 0

    def fileno(self) -> int:
        """A descriptor that is readable while there is an image."""
        if self._fileno is None:
            raise AttributeError("an ImageSender cannot be polled: send_image waits for the reply by itself")
        return int(self._fileno())

    def close(self, linger: int | None = None) -> None:
        """Close whatever this belongs to."""
        self._close()
        self.__dict__["closed"] = True

    def __setattr__(self, name: str, value: Any) -> None:
        self.setsockopt(_option(name), value)

    def __getattr__(self, name: str) -> Any:
        return self.getsockopt(_option(name))


def _option(name: str) -> int:
    try:
        return zmq.SocketOption[name.upper()]
    except KeyError:
        raise AttributeError(
            f"zmq_socket has no {name!r} here: it stands in for a ZeroMQ socket, and takes options only"
        ) from None
