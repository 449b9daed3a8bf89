"""The transports that are compared, one file per library; each is imported only when it is measured."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module

from benchmarks.peers.base import Peer

_WHERE = {
    "framebus": "framebus_peer:Framebus",
    "framebus-all": "framebus_peer:KeepAll",
    "pyzmq-push": "pyzmq_peer:PushPull",
    "pyzmq-pub": "pyzmq_peer:PubSub",
    "imagezmq-reqrep": "imagezmq_peer:RequestReply",
    "imagezmq-pubsub": "imagezmq_peer:PubSub",
    "netgear-pair": "netgear_peer:Pair",
    "netgear-reqrep": "netgear_peer:RequestReply",
    "netgear-pubsub": "netgear_peer:PubSub",
    "pyobj": "pyobj_peer:PyObj",
    "socket": "socket_peer:Fresh",
    "socket-reused": "socket_peer:Reused",
}
ON_REQUEST = {"framebus-all", "socket-reused"}
"""Measured only when asked for by name: they answer other questions (another rule, frames nobody may keep)."""
MAIN = ("framebus", "pyzmq-push", "pyzmq-pub", "imagezmq-reqrep", "imagezmq-pubsub", "netgear-pair", "socket")
"""Those of a quick run."""
NAMES = tuple(_WHERE)
DEFAULT = tuple(name for name in NAMES if name not in ON_REQUEST)


def load(names: Iterable[str]) -> tuple[dict[str, Peer], dict[str, str]]:
    """The peers of these names, and for those that cannot be imported the reason."""
    found, missing = {}, {}
    for name in names:
        module, _, attribute = _WHERE[name].partition(":")
        try:
            found[name] = getattr(import_module(f"benchmarks.peers.{module}"), attribute)()
        except (ImportError, AttributeError) as error:
            missing[name] = str(error)
    return found, missing
