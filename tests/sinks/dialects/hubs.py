"""Programs that know nothing of framebus, for writers to send to: in threads, stopped and joined with their test."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import imagezmq
import numpy as np
import numpy.typing as npt
import zmq

from framebus.core.addresses import Link, parse
from framebus.core.publisher import Publisher
from framebus.sinks.dialects import Sending, open_sink
from framebus.testing.children import PATIENCE_S
from framebus.verbs.sinking import SinkPublisher

LOOK_MS = 50

PICTURES: dict[str, npt.NDArray[Any]] = {
    "colour": np.arange(4 * 6 * 3, dtype=np.uint8).reshape(4, 6, 3),
    "gray": np.arange(24, dtype=np.uint8).reshape(4, 6),
    "deep": np.arange(24, dtype=np.uint16).reshape(4, 6) * 1000,
    "float": np.linspace(-1, 1, 24, dtype=np.float32).reshape(4, 6),
    "strided": np.arange(48, dtype=np.uint8).reshape(4, 12)[:, ::2],
}


def link(text: str) -> Link:
    """The address of a link."""
    address = parse(text)
    assert isinstance(address, Link)
    return address


@contextmanager
def sending(text: str, **options: Any) -> Iterator[tuple[Publisher, Sending]]:
    """What `fb.publish` makes of the address, and the sink inside. Leaving closes it; an exception abandons it."""
    sink = open_sink(link(text), **options)
    with SinkPublisher(sink) as publisher:
        try:
            yield publisher, sink
        except BaseException:
            sink.abandon()
            raise


def picture(number: int) -> npt.NDArray[np.uint8]:
    """A tiny gray picture that shows its number."""
    return np.full((2, 3), number % 256, np.uint8)


def mark(image: npt.NDArray[Any]) -> int:
    """The number that `picture` shows."""
    return int(image[0, 0])


class Running:
    """A thread that calls `step` until it is stopped; what it raised fails the test."""

    def __init__(self, step: Callable[[], object], close: Callable[[], object]) -> None:
        self._step, self._close = step, close
        self._stop = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="hub")
        self._thread.start()

    def stop(self) -> None:
        """End the thread, and close what it used there."""
        self._stop.set()
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive(), "the hub does not stop"
        assert self._failure is None, self._failure

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                try:
                    self._step()
                except zmq.Again:
                    continue
        except BaseException as error:
            self._failure = error
        finally:
            self._close()


class Inbox:
    """What came, for tests to wait for."""

    def __init__(self) -> None:
        self.items: list[Any] = []
        self._news = threading.Condition()

    def put(self, item: Any) -> None:
        """Another one came."""
        with self._news:
            self.items.append(item)
            self._news.notify_all()

    def wait(self, enough: Callable[[list[Any]], bool]) -> list[Any]:
        """Everything, once it is `enough`."""
        with self._news:
            assert self._news.wait_for(lambda: enough(self.items), PATIENCE_S), f"came: {self.items[-5:]}"
            return list(self.items)

    def wait_for(self, count: int) -> list[Any]:
        """The first `count`."""
        return self.wait(lambda items: len(items) >= count)[:count]


class Hub:
    """An unmodified imageZMQ hub; every `(text, picture)` is in `inbox`. `jpg`: it expects JPEGs."""

    def __init__(self, port: int, *, answers: bool = True, jpg: bool = False, reply: bytes = b"OK") -> None:
        self.inbox = Inbox()
        where = f"tcp://127.0.0.1:{port}"
        self._hub = imagezmq.ImageHub(where, REQ_REP=answers)
        self._hub.zmq_socket.linger = int(PATIENCE_S * 1000) if answers else 0  # or the last answer could be lost
        self._hub.zmq_socket.rcvtimeo = LOOK_MS
        self._answers, self._jpg, self._reply = answers, jpg, reply
        self._running = Running(self._step, self._hub.close)

    def stop(self) -> None:
        """Close it."""
        self._running.stop()

    def __enter__(self) -> Hub:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _step(self) -> None:
        text, image = self._hub.recv_jpg() if self._jpg else self._hub.recv_image()
        self.inbox.put((text, bytes(image) if self._jpg else image))
        if self._answers:
            self._hub.send_reply(self._reply)


@contextmanager
def plain(kind: int, port: int, *, connect: bool = False, beginning: bytes = b"") -> Iterator[zmq.Socket[bytes]]:
    """A socket of pyzmq, and its context; a subscriber asks for messages with that `beginning` from the start."""
    with zmq.Context() as context, context.socket(kind) as socket:
        socket.linger = 0
        socket.rcvtimeo = int(PATIENCE_S * 1000)
        if kind == zmq.SUB:
            socket.subscribe(beginning)
        (socket.connect if connect else socket.bind)(f"tcp://127.0.0.1:{port}")
        yield socket
