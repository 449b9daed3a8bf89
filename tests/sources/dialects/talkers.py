"""Programs that know nothing of framebus, for readers to listen to: in threads, stopped and joined with their test."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import imagezmq
import zmq

from framebus.core.addresses import Link, parse
from framebus.core.contracts import Item, Maker
from framebus.core.frame import Frame
from framebus.sources.dialects import open_source
from framebus.testing.children import PATIENCE_S
from framebus.verbs.opened import MadeSource

EVERY_S = 0.005


def link(text: str) -> Link:
    """The address of a link."""
    address = parse(text)
    assert isinstance(address, Link)
    return address


@contextmanager
def repeating(say: Callable[[int], object]) -> Iterator[None]:
    """`say(0)`, `say(1)` … again and again in a thread of its own: subscribers miss what came before them."""
    stop = threading.Event()
    failures: list[BaseException] = []

    def run() -> None:
        number = 0
        try:
            while not stop.wait(EVERY_S):
                say(number)
                number += 1
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=run, name="talker")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(PATIENCE_S)
    assert not thread.is_alive(), "the talker does not stop"
    assert not failures, failures


@contextmanager
def publisher(port: int) -> Iterator[Any]:
    """An unmodified imageZMQ sender that publishes."""
    sender = imagezmq.ImageSender(f"tcp://127.0.0.1:{port}", REQ_REP=False)
    sender.zmq_socket.linger = 0
    try:
        yield sender
    finally:
        sender.close()


@contextmanager
def plain(kind: int, port: int) -> Iterator[zmq.Socket[bytes]]:
    """A bound socket of pyzmq, and its context."""
    with zmq.Context() as context, context.socket(kind) as socket:
        socket.linger = 0
        socket.bind(f"tcp://127.0.0.1:{port}")
        yield socket


@contextmanager
def reading(text: str, *, keep: str | None = None, ahead: bool = False, **options: Any) -> Iterator[MadeSource]:
    """What `fb.open` makes of the address."""
    with MadeSource(open_source(link(text), **options), keep=keep, ahead=ahead) as source:
        yield source


def take(source: MadeSource) -> Item:
    """The next frame, waited for."""
    item = source.take(PATIENCE_S)
    assert item is not None, "the source ended"
    return item


def mark(item: Item) -> int:
    """The number that a picture shows, which is all of one colour."""
    assert isinstance(item, Frame)
    return int(item.data[0, 0])


def take_until(source: MadeSource, wanted: Callable[[Item], bool]) -> Item:
    """The first frame that is wanted; a few may come before it."""
    for _ in range(10_000):
        if wanted(item := take(source)):
            return item
    raise AssertionError("what was wanted did not come")


@contextmanager
def closed(maker: Maker) -> Iterator[Maker]:
    """A maker that is closed afterwards."""
    try:
        yield maker
    finally:
        maker.close()
