"""Driving the ends of local connections by hand."""

from __future__ import annotations

import select

import numpy as np
import numpy.typing as npt

from framebus.links.connection import Gone, Parcel, Parts
from framebus.links.local import LocalConnection
from framebus.memory.pool import pool
from framebus.testing.children import PATIENCE_S

FRAME = 100_000
Image = npt.NDArray[np.uint8]


def readable(connection: LocalConnection) -> None:
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    assert poll.poll(PATIENCE_S * 1000), "nothing came"


def received(connection: LocalConnection, count: int = 1) -> list[Parts]:
    """The next messages, waited for."""
    messages: list[Parts] = []
    while len(messages) < count:
        readable(connection)
        messages += connection.receive()
    return messages


def everything(connection: LocalConnection) -> list[Parts]:
    """What is there now, to the last datagram."""
    messages: list[Parts] = []
    while select.select([connection], [], [], 0)[0]:
        messages += connection.receive()
    return messages


def end_of(connection: LocalConnection) -> str:
    """Receive to the end; why it came."""
    while True:
        readable(connection)
        try:
            connection.receive()
        except Gone as gone:
            return str(gone)


def picture(mark: int, nbytes: int = FRAME) -> Image:
    """In private memory."""
    return np.full(nbytes, mark, np.uint8)


def shared_picture(mark: int, nbytes: int = FRAME) -> Image:
    """In a slot of this process."""
    image = np.frombuffer(pool().lend(nbytes), np.uint8)
    image[:] = mark
    return image


def parcel(image: Image, head: bytes = b"head") -> Parcel:
    return Parcel(head, image.data)


def image_of(parts: Parts) -> Image:
    return np.frombuffer(parts[1], np.uint8)
