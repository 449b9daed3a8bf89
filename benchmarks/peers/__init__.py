"""The transports that are compared, one file per library; each is imported only when it is measured."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module

from benchmarks.peers.base import Peer

_WHERE = {
    "framebus": "framebus_peer:Framebus",
    "framebus-latest": "framebus_peer:Latest",
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
ON_REQUEST = {"framebus-latest", "socket-reused"}
"""Measured only when asked for by name: they answer other questions (another rule, frames nobody may keep)."""
MAIN = ("framebus", "pyzmq-push", "pyzmq-pub", "imagezmq-reqrep", "imagezmq-pubsub", "netgear-pair", "socket")
"""Those of a quick run."""
NAMES = tuple(_WHERE)
DEFAULT = tuple(name for name in NAMES if name not in ON_REQUEST)

_LOCAL_WHERE = {
    "framebus-inplace": "shm_framebus_peer:InPlace",
    "framebus-inplace-latest": "shm_framebus_peer:InPlaceLatest",
    "iceoryx2-inplace": "iceoryx2_peer:InPlace",
    "shared-memory-inplace": "shared_memory_peer:InPlace",
    "framebus-copied": "shm_framebus_peer:Copied",
    "framebus-copied-latest": "shm_framebus_peer:CopiedLatest",
    "iceoryx2-copied": "iceoryx2_peer:Copied",
    "shared-memory-copied": "shared_memory_peer:Copied",
    "zenoh-shm": "zenoh_peer:SharedMemory",
    "pyzmq-push-ipc": "ipc_peer:pyzmq_push",
    "pyzmq-pub-ipc": "ipc_peer:pyzmq_pub",
    "imagezmq-reqrep-ipc": "ipc_peer:imagezmq_reqrep",
    "imagezmq-pubsub-ipc": "ipc_peer:imagezmq_pubsub",
    "pyobj-ipc": "ipc_peer:pyobj",
    "mp-queue": "queue_peer:Queue",
    "mp-pipe": "queue_peer:Pipe",
    "wake-up": "seqpacket_peer:WakeUp",
    "memcpy+wake-up": "seqpacket_peer:Memcpy",
}
LOCAL_ON_REQUEST = {"framebus-inplace-latest", "framebus-copied-latest", "pyzmq-pub-ipc"}
LOCAL_MAIN = (
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
)
"""Those of a quick run through this machine's memory."""
LOCAL_NAMES = tuple(_LOCAL_WHERE)
LOCAL_DEFAULT = tuple(name for name in LOCAL_NAMES if name not in LOCAL_ON_REQUEST)


def load(names: Iterable[str]) -> tuple[dict[str, Peer], dict[str, str]]:
    """The peers of these names, and for those that cannot be imported the reason."""
    found, missing = {}, {}
    for name in names:
        module, _, attribute = (_WHERE | _LOCAL_WHERE)[name].partition(":")
        try:
            found[name] = getattr(import_module(f"benchmarks.peers.{module}"), attribute)()
        except (ImportError, AttributeError) as error:
            missing[name] = str(error)
    return found, missing
