"""A frame on its way out: made into a message once, however many readers it goes to."""

from __future__ import annotations

from typing import Any

from framebus.links.connection import Parcel
from framebus.session.outgoing import Delivery
from framebus.wire import header
from framebus.wire.layout import Buffer


def parcel(delivery: Delivery) -> Parcel:
    """Header and payload of `delivery`; the payload is the frame's own memory, referred to by all messages."""
    entry = delivery.entry
    made: Parcel | None = entry.parts
    if made is None:
        head, payload = header.encode(entry.item)
        made = entry.parts = Parcel(bytes(head), _flat(payload))
    if delivery.thinned:
        return _Variant(header.thin(made.head, delivery.thinned), made)
    return made


def _flat(payload: Buffer) -> memoryview:
    view = memoryview(payload)
    return view if view.format == "B" and view.ndim == 1 else view.cast("B")


class _Variant(Parcel):
    """The same payload under another header: where it lies in shared memory is found out once for all."""

    __slots__ = ("_original",)

    def __init__(self, head: bytes, original: Parcel) -> None:
        self._original = original
        super().__init__(head, original.payload)

    @property
    def placed(self) -> Any:
        return self._original.placed

    @placed.setter
    def placed(self, place: Any) -> None:
        if place is not None:
            self._original.placed = place
