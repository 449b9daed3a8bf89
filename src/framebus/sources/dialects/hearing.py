"""Messages that come unasked: what is published for subscribers, or pushed to whoever pulls."""

from __future__ import annotations

import math

import zmq

from framebus.core.addresses import Link
from framebus.core.contracts import Item
from framebus.core.errors import BadFrame
from framebus.links.complaints import Complaints
from framebus.links.old_sockets import Station, calling
from framebus.links.sockets import Socket
from framebus.sources.dialects.numbered import Decode, Numbered
from framebus.sources.dialects.waking import Waking
from framebus.wire.dialects.foreign import End

QUEUE = 1
"""Messages of each sender that wait here; what is newer waits, or is dropped, there."""


class Hearing(Waking):
    """Connected to all peers of an address at once. Messages that are none are counted, told of, and left out.

    Where senders can say that nothing follows, the iteration ends when each peer has.
    """

    def __init__(self, address: Link, kind: int, decode: Decode, subscriptions: list[bytes], *, live: bool) -> None:
        self.live = live
        self._address = address
        self._kind = kind
        self._subscriptions = subscriptions
        self._numbered = Numbered(address, decode)
        self._complaints = Complaints()
        self._station: Station | None = None
        self._ended = 0
        super().__init__(self._numbered.name)

    def _step(self) -> Item | None:
        station = self._station or self._connect()
        station.facts()
        parts = station.receive()
        if parts is None:
            self._sleep(station, math.inf)
            return None
        try:
            made = self._numbered.frame(parts)
        except BadFrame as error:
            self._complaints.reject(str(self._address), error)
            return None
        if isinstance(made, End):
            self._ended += 1
            self._over = self._ended >= len(self._address.peers)
            return None
        return made

    def _connect(self) -> Station:
        self._station = calling(self._kind, self._address.peers, queue=QUEUE, prepare=self._subscribe)
        return self._station

    def _subscribe(self, socket: Socket) -> None:
        socket.set(zmq.SNDHWM, 0)  # subscriptions are messages, and what does not fit the queue would be lost
        for start in self._subscriptions:
            socket.subscribe(start)

    def _leave(self) -> None:
        if self._station is not None:
            self._station.close()
            self._station = None
