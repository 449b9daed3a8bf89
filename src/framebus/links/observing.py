"""One question to a publisher: what do you publish, and who reads it?"""

from __future__ import annotations

import secrets
import time
from typing import Any

import zmq

from framebus.core.errors import BadFrame, Closed, Timeout
from framebus.links.monitor import Watch
from framebus.links.sockets import Socket
from framebus.wire import control

ASK_AGAIN_S = 0.3


def ask(socket: Socket, watch: Watch, where: str, party: control.Party, timeout_s: float) -> dict[str, Any]:
    """The status of the publisher behind a connecting `socket`, which is closed, and its `watch` with it.

    Raises `Timeout` when nobody answers within `timeout_s`, `Closed` when it may not be asked.
    """
    session = secrets.token_hex(8)
    hello = control.encode(control.Hello(session=session, role="observer", party=party))
    question = control.encode(control.Observe(session=session))
    deadline = time.monotonic() + timeout_s
    try:
        while (left := deadline - time.monotonic()) > 0:
            for message in (hello, question):
                _try_send(socket, message)
            status = _answer(socket, where, min(left, ASK_AGAIN_S))
            if status is not None:
                return status
            for fact in watch.drive(time.monotonic()):
                if fact.final:
                    raise Closed(fact.text)
    finally:
        watch.close()
        socket.close(0)
    raise Timeout(f"{where}: nobody answered within {timeout_s:g} s")


def _try_send(socket: Socket, message: bytes) -> None:
    try:
        socket.send(message, zmq.NOBLOCK)
    except zmq.Again:  # not connected yet: the next round asks again
        return


def _answer(socket: Socket, where: str, timeout_s: float) -> dict[str, Any] | None:
    limit = time.monotonic() + timeout_s
    while (left := limit - time.monotonic()) > 0 and socket.poll(int(left * 1000) + 1):
        parts = socket.recv_multipart()
        try:
            message = control.decode(parts[0])
        except BadFrame:
            continue
        if isinstance(message, control.Refuse):
            raise Closed(f"{where} refused: {message.message}")
        if isinstance(message, control.Observe) and isinstance(message.status, dict):
            return message.status
        if isinstance(message, control.Reset):
            return None
    return None
