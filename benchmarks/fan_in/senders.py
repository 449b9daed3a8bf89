"""One of the many senders: a socket that offers a frame ten times a second, spoken to by the load process."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

import numpy as np
import zmq

from benchmarks.fan_in.board import GREETING
from benchmarks.harness.frames import Array

if TYPE_CHECKING:
    from framebus.wire.control import Keep, Message, StreamState

GREETING_FRAME = np.full(8, GREETING, np.uint8)
Sender = Callable[["zmq.Context[zmq.Socket[bytes]]", int, int], "Connection"]


class Connection(Protocol):
    """A connected sender."""

    def ready(self) -> bool:
        """Whether frames can be offered; lets the connection do what that takes."""
        ...

    def offer(self, frame: Array) -> None:
        """Send `frame` if the hub lets us; what it does not let us send in time is lost."""
        ...

    def catch_up(self) -> None:
        """Send what is still waiting."""
        ...


class Plain:
    """A DEALER that sends whenever it wants to."""

    def __init__(self, context: zmq.Context[zmq.Socket[bytes]], port: int, index: int) -> None:
        self._socket = context.socket(zmq.DEALER)
        self._socket.connect(f"tcp://127.0.0.1:{port}")
        self.offer(GREETING_FRAME)

    def ready(self) -> bool:
        return True

    def offer(self, frame: Array) -> None:
        header = json.dumps({"dtype": str(frame.dtype), "shape": frame.shape}).encode()
        self._socket.send_multipart([header, frame])

    def catch_up(self) -> None:
        pass


class ImageZmq:
    """A REQ that speaks imageZMQ: one frame at a time, the next one only after the answer."""

    def __init__(self, context: zmq.Context[zmq.Socket[bytes]], port: int, index: int) -> None:
        self._socket = context.socket(zmq.REQ)
        self._socket.connect(f"tcp://127.0.0.1:{port}")
        self._name = f"cam{index}"
        self._asked = False

    def ready(self) -> bool:
        if not self._asked:
            self.offer(GREETING_FRAME)
            return False
        return self._socket.poll(0) > 0

    def offer(self, frame: Array) -> None:
        if self._asked and not self._answered():
            return
        header = json.dumps({"msg": self._name, "dtype": str(frame.dtype), "shape": frame.shape}).encode()
        self._socket.send_multipart([header, frame])
        self._asked = True

    def _answered(self) -> bool:
        try:
            self._socket.recv(zmq.NOBLOCK)
        except zmq.Again:
            return False
        return True

    def catch_up(self) -> None:
        pass


class Framebus:
    """A DEALER that speaks framebus by its documented messages: hello, the hub's wishes, our answer to them, then
    frames as far as the credit goes."""

    _PATIENCE = 8

    def __init__(self, context: zmq.Context[zmq.Socket[bytes]], port: int, index: int) -> None:
        from framebus.wire import control, header

        self._control, self._header = control, header
        self._socket = context.socket(zmq.DEALER)
        self._socket.connect(f"tcp://127.0.0.1:{port}")
        self._session, self._name, self._run = f"{index + 1:016x}", f"cam{index}", index + 1
        self._credit = self._sent = self._made = 0
        self._waiting: deque[list[bytes | memoryview]] = deque(maxlen=self._PATIENCE)
        self._say_hello()

    def ready(self) -> bool:
        self._listen()
        return self._credit > 0

    def offer(self, frame: Array) -> None:
        from framebus import Frame

        item = Frame.of(frame, format="gray8", stream=self._name, run=self._run, seq=self._made)
        self._made += 1
        header, pixels = self._header.encode(item)
        self._waiting.append([header, bytes(pixels)])
        self._listen()
        self.catch_up()

    def catch_up(self) -> None:
        self._listen()
        while self._waiting and self._sent < self._credit:
            self._socket.send_multipart(self._waiting.popleft())
            self._sent += 1

    def _say_hello(self) -> None:
        self._tell(self._control.Hello(session=self._session, role="publisher", live=True, streams=self._streams()))

    def _serve(self, keep: Keep | None) -> None:
        self._tell(
            self._control.Welcome(
                session=self._session, role="publisher", keep=keep or "latest", live=True, streams=self._streams()
            )
        )

    def _streams(self) -> tuple[StreamState, ...]:
        return (self._control.StreamState(name=self._name, run=f"{self._run:016x}", next=self._made),)

    def _tell(self, message: Message) -> None:
        self._socket.send(self._control.encode(message))

    def _listen(self) -> None:
        while True:
            try:
                message = self._control.decode(self._socket.recv(zmq.NOBLOCK))
            except zmq.Again:
                return
            self._obey(message)

    def _obey(self, message: object) -> None:
        match message:
            case self._control.Credit(credit=credit):
                self._credit = credit
            case self._control.Welcome(keep=keep):
                self._serve(keep)
            case self._control.Ping(answer=False):
                self._tell(self._control.Ping(session=self._session, answer=True))
            case self._control.Reset():
                self._credit = self._sent = 0
                self._say_hello()
            case self._control.Refuse(message=why):
                raise ConnectionRefusedError(why)
