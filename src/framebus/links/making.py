"""Which carrier an address stands for: listening or connecting, with keys or without, sharing memory or not."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from framebus.core.addresses import Link
from framebus.core.errors import AddressError, Unavailable
from framebus.links import shared, sockets, zap
from framebus.links.admission import require_admission
from framebus.links.carrier import Carrier
from framebus.links.dialling import Dial, FileDial, LocalDial, TcpDial
from framebus.links.doors import FileDoor, TcpDoor
from framebus.links.entrance import Door
from framebus.links.guarded import guarded, watched
from framebus.links.keys import ClientKeys, KeyStore, lookup_peer
from framebus.links.monitor import Watch
from framebus.links.preparing import prepare
from framebus.links.reminder import Reminder
from framebus.links.switchboard import Switchboard
from framebus.links.waiter import available
from framebus.links.zeromq import ZmqCarrier

MAX_UNREAD = 64
"""Messages kept for a peer with keys that does not read; a peer that is held to its credit has far fewer."""


def listening(address: Link, allow: Sequence[str], insecure: bool, *, may_share: bool = True) -> Carrier:
    """Listen at `address`. Processes of this machine and user may come through shared memory, if `may_share`."""
    prepare()
    if address.scheme == "shm":
        door = shared.publisher_door(address)
        return Switchboard([door], local=door.path, shares=True)
    if address.scheme == "inproc":
        return ZmqCarrier(*watched(f"inproc://{address.path}", queue=MAX_UNREAD))
    if address.scheme == "ipc":
        _require_files(address)
        return _open(FileDoor(address.path), may_share)
    peer = address.peers[0]
    policy = require_admission(peer.host, KeyStore(), insecure, allow)
    if isinstance(policy, KeyStore) or not available():
        return _through_zeromq(address, policy)
    return _open(TcpDoor(peer.host, peer.port, lambda found: zap.objection(found, policy)), may_share)


def connecting(address: Link, at: str = "") -> Callable[[int], Carrier]:
    """What connects to `address`: to the peer whose turn it is, where there are several; through the socket `at`
    where one is given."""
    if address.dialect:
        raise AddressError(f"{address}: {address.dialect} is spoken by a source or sink of its own, not by a link")
    prepare()
    reminder = Reminder()
    if at:
        return lambda attempt: Switchboard(dial=LocalDial(str(address), lambda: (at, True)), reminder=reminder)
    used: dict[str, ClientKeys] = {}
    return lambda attempt: _connect(address, attempt, reminder, used)


def _open(door: Door, may_share: bool) -> Carrier:
    inner = shared.inner_door() if may_share else None
    return Switchboard([door] if inner is None else [door, inner], local="" if inner is None else inner.path)


def _through_zeromq(address: Link, policy: KeyStore | zap.Policy) -> Carrier:
    return ZmqCarrier(*guarded(address.peers[0], policy, queue=MAX_UNREAD))


def _connect(address: Link, attempt: int, reminder: Reminder, used: dict[str, ClientKeys]) -> Carrier:
    """`used`: the keys with which peers were called before, so that nobody is ever called in plain text after that."""
    if address.scheme == "inproc":
        return _with_zeromq(f"inproc://{address.path}", None, reminder)
    if address.scheme != "tcp":
        _require_files(address)
        return Switchboard(dial=_file_dial(address), reminder=reminder)
    peer = address.peers[attempt % len(address.peers)]
    if not peer.host:
        raise AddressError(f"cannot connect to {address}: it names no machine")
    keys = lookup_peer(peer.host, peer.port) or used.get(str(peer))
    if keys is not None:
        used[str(peer)] = keys
    if keys is not None or not available():
        return _with_zeromq(f"tcp://{peer}", keys, reminder)
    return Switchboard(dial=TcpDial(f"tcp://{peer}", peer.host, peer.port), reminder=reminder)


def _require_files(address: Link) -> None:
    if not available():
        raise Unavailable(f"{address}: this system has no unix sockets for this; use tcp://127.0.0.1 instead")


def _file_dial(address: Link) -> Dial:
    if address.scheme == "shm":
        return LocalDial(str(address), lambda: shared.find(address.streams))
    return FileDial(f"ipc://{address.path}", address.path)


def _with_zeromq(text: str, keys: ClientKeys | None, reminder: Reminder) -> Carrier:
    """A connecting socket that is watched from the start: a refusal may come before anything else."""
    socket = sockets.dialler([], keys=keys)
    watch = Watch(socket, encrypted=keys is not None, reminder=reminder)
    try:
        sockets.connect(socket, text)
    except BaseException:
        watch.close()
        socket.close(0)
        raise
    return ZmqCarrier(socket, watch)
