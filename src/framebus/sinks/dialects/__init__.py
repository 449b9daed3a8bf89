"""Frames for programs that do not know framebus, each dialect asked for by name in the address."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from framebus.core.addresses import Link
from framebus.core.contracts import Item
from framebus.core.errors import OptionError
from framebus.sinks.dialects.sending import Sending

__all__ = ["Sending", "open_sink"]

OnReply = Callable[[Item, Any], None]
"""Told each frame that was answered, and the answer: bytes of an imageZMQ hub; text, JSON or an array of a NetGear
receiver. Called in the thread that sends; what it raises, the next `write` raises."""


def open_sink(
    address: Link,
    *,
    live: bool = True,
    listen: bool | None = None,
    allow: Sequence[str] = (),
    insecure: bool = False,
    patience: float = 10.0,
    encode: str | None = None,
    on_reply: OnReply | None = None,
    socket: str | None = None,
    message: str | None = None,
) -> Sending:
    """A sink for `imagezmq+tcp://`, `netgear+tcp://` and `pyzmq+tcp://`; see `framebus.publish`.

    imagezmq   `HUB:5555` asks a hub, or the next of several when one is away; `:5555` is for hubs that subscribe
    netgear    `RECEIVER:5555` always connects; `socket` is `"pair"` (default, NetGear's pattern 0), `"req"` (1) or
               `"pub"` (2)
    pyzmq      `:5555` listens, `HOST:5555` connects; `socket` is `"pub"` (default), `"push"`, or `"rep"`, a camera
               server that is asked to `read`; `message` is `"pickle"` (default; behind a topic for `"pub"`) or
               `"recipe"`, pyzmq's own way to send arrays

    `live`: the newest frame matters most. `patience` (seconds): how long a frame that is not live may wait for its
    answer; then `write` and `close` raise `Timeout`, and a hub of a live source is called anew. `encode`: `"jpeg=85"`
    goes out as a jpg, and as NetGear's compression. `on_reply(frame, answer)` is told answers (imagezmq, netgear).

    Raises `OptionError`, `AddressError`, and `Unavailable` where the port cannot be had or nobody said who may connect.
    """
    common: dict[str, Any] = {"live": live, "listen": listen, "patience": patience, "encode": encode}
    door: dict[str, Any] = {"allow": allow, "insecure": insecure}
    if address.dialect == "imagezmq":
        from framebus.sinks.dialects.imagezmq import open_imagezmq

        _refuse(address, socket=socket, message=message)
        return open_imagezmq(address, **common, **door, on_reply=on_reply)
    if address.dialect == "netgear":
        from framebus.sinks.dialects.netgear import open_netgear

        _refuse(address, allow=allow, insecure=insecure, message=message)
        return open_netgear(address, **common, socket=socket or "pair", on_reply=on_reply)
    from framebus.sinks.dialects.pyzmq import open_pyzmq

    _refuse(address, on_reply=on_reply)
    return open_pyzmq(address, **common, **door, socket=socket or "pub", message=message or "pickle")


def _refuse(address: Link, **options: Any) -> None:
    for name, value in options.items():
        if value:
            raise OptionError(f"{address} has no option {name!r}: leave it out")
