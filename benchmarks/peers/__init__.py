"""The transports that are compared, one file per library; each is imported only when it is measured."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import cast

from benchmarks.peers.base import Peer

Make = Callable[[], Peer]


def at(module: str, name: str) -> Make:
    """Makes the peer `name` of a module of this package, which is imported only then."""
    return lambda: cast(Peer, getattr(import_module(f"benchmarks.peers.{module}"), name)())


def over_ipc(make: Make) -> Make:
    """Makes the same peer, over unix sockets instead of TCP."""

    def wrapped() -> Peer:
        from benchmarks.peers.ipc_peer import OverIpc

        return OverIpc(make())

    return wrapped


def load(makers: Mapping[str, Make]) -> tuple[dict[str, Peer], dict[str, str]]:
    """The peers of these names, and for those that cannot be imported the reason."""
    found, missing = {}, {}
    for name, make in makers.items():
        try:
            found[name] = make()
        except (ImportError, AttributeError) as error:
            missing[name] = str(error)
    return found, missing


@dataclass(frozen=True)
class Catalogue:
    """Transports that one benchmark can compare: those of a quick run, and those measured only when asked for."""

    makers: Mapping[str, Make]
    quick: tuple[str, ...]
    on_request: frozenset[str]

    @property
    def usual(self) -> tuple[str, ...]:
        """Those of a full run."""
        return tuple(name for name in self.makers if name not in self.on_request)

    def load(self, names: Iterable[str]) -> tuple[dict[str, Peer], dict[str, str]]:
        """The peers of these names, and for those that cannot be imported the reason."""
        return load({name: self.makers[name] for name in names})


TCP = Catalogue(
    {
        "framebus": at("framebus_peer", "OverTcp"),
        "framebus-latest": at("framebus_peer", "OverTcpLatest"),
        "pyzmq-push": at("pyzmq_peer", "PushPull"),
        "pyzmq-pub": at("pyzmq_peer", "PubSub"),
        "imagezmq-reqrep": at("imagezmq_peer", "RequestReply"),
        "imagezmq-pubsub": at("imagezmq_peer", "PubSub"),
        "netgear-pair": at("netgear_peer", "Pair"),
        "netgear-reqrep": at("netgear_peer", "RequestReply"),
        "netgear-pubsub": at("netgear_peer", "PubSub"),
        "pyobj": at("pyobj_peer", "PyObj"),
        "socket": at("socket_peer", "Fresh"),
        "socket-reused": at("socket_peer", "Reused"),
    },
    quick=("framebus", "pyzmq-push", "pyzmq-pub", "imagezmq-reqrep", "imagezmq-pubsub", "netgear-pair", "socket"),
    # they answer other questions: another rule, frames nobody may keep
    on_request=frozenset({"framebus-latest", "socket-reused"}),
)

LOCAL = Catalogue(
    {
        "framebus-inplace": at("framebus_peer", "InPlace"),
        "framebus-inplace-latest": at("framebus_peer", "InPlaceLatest"),
        "iceoryx2-inplace": at("iceoryx2_peer", "InPlace"),
        "shared-memory-inplace": at("shared_memory_peer", "InPlace"),
        "framebus-copied": at("framebus_peer", "Copied"),
        "framebus-copied-latest": at("framebus_peer", "CopiedLatest"),
        "iceoryx2-copied": at("iceoryx2_peer", "Copied"),
        "shared-memory-copied": at("shared_memory_peer", "Copied"),
        "zenoh-shm": at("zenoh_peer", "SharedMemory"),
        "pyzmq-push-ipc": over_ipc(at("pyzmq_peer", "PushPull")),
        "pyzmq-pub-ipc": over_ipc(at("pyzmq_peer", "PubSub")),
        "imagezmq-reqrep-ipc": over_ipc(at("imagezmq_peer", "RequestReply")),
        "imagezmq-pubsub-ipc": over_ipc(at("imagezmq_peer", "PubSub")),
        "pyobj-ipc": over_ipc(at("pyobj_peer", "PyObj")),
        "mp-queue": at("queue_peer", "Queue"),
        "mp-pipe": at("queue_peer", "Pipe"),
        "wake-up": at("seqpacket_peer", "WakeUp"),
        "memcpy+wake-up": at("seqpacket_peer", "Memcpy"),
    },
    quick=(
        "framebus-inplace",
        "iceoryx2-inplace",
        "framebus-copied",
        "iceoryx2-copied",
        "shared-memory-copied",
        "imagezmq-reqrep-ipc",
        "imagezmq-pubsub-ipc",
        "pyobj-ipc",
        "wake-up",
        "memcpy+wake-up",
    ),
    on_request=frozenset({"framebus-inplace-latest", "framebus-copied-latest", "pyzmq-pub-ipc"}),
)
