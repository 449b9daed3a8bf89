"""Frames from programs that do not know framebus and wait for us to connect; the dialect is named in the address."""

from __future__ import annotations

from framebus.core.addresses import Link, network_wide
from framebus.core.contracts import Maker
from framebus.core.errors import AddressError, OptionError

__all__ = ["open_source"]

SOCKETS = ("sub", "pull", "req")


def open_source(address: Link, *, socket: str | None = None) -> Maker:
    """A maker for `imagezmq+tcp://HOST:5556[/camA]` and `pyzmq+tcp://HOST:5556[/topic]`; see `framebus.open`.

    imagezmq   subscribes to senders that publish, to all of several peers; only the streams asked for are sent at all
    pyzmq      `socket`: `"sub"` (default) subscribes, `"pull"` takes its share of what is pushed, `"req"` asks a camera
               server to `read`, one after the other where there are several

    Frames without a stream's name have the host's. Raises `OptionError` and `AddressError`; nobody there is no error.
    """
    if any(network_wide(peer.host) for peer in address.peers):
        raise AddressError(f"{address} names no machine to connect to")
    if address.dialect == "netgear":
        raise AddressError(f"{address}: NetGear senders connect, so who reads listens: write netgear+tcp://:PORT")
    if address.dialect == "imagezmq":
        from framebus.sources.dialects.imagezmq import open_imagezmq

        if socket is not None:
            raise OptionError(f"{address} has no option 'socket': leave it out")
        return open_imagezmq(address)
    from framebus.sources.dialects.pyzmq import open_pyzmq

    if socket not in (None, *SOCKETS):
        raise OptionError(f"socket={socket!r} is not possible: give {', '.join(map(repr, SOCKETS))}")
    return open_pyzmq(address, socket or "sub")
