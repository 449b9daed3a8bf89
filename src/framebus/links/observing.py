"""One question to a publisher: what do you publish, and who reads it?"""

from __future__ import annotations

import secrets
import select
import time
from typing import Any

from framebus.core.errors import BadFrame, Closed, Timeout
from framebus.links.carrier import CALLED, Carrier
from framebus.wire import control

ASK_AGAIN_S = 0.3


def ask(carrier: Carrier, where: str, party: control.Party, timeout_s: float) -> dict[str, Any]:
    """The status of the publisher behind a connecting `carrier`, which is closed.

    Raises `Timeout` when nobody answers within `timeout_s`, `Closed` when it may not be asked.
    """
    session = secrets.token_hex(8)
    hello = control.encode(control.Hello(session=session, role="observer", party=party))
    question = control.encode(control.Observe(session=session))
    deadline = time.monotonic() + timeout_s
    try:
        while (now := time.monotonic()) < deadline:
            carrier.send(CALLED, hello)
            carrier.send(CALLED, question)
            status = _answer(carrier, where, min(deadline, now + ASK_AGAIN_S))
            if status is not None:
                return status
    finally:
        carrier.close()
    raise Timeout(f"{where}: nobody answered within {timeout_s:g} s")


def _answer(carrier: Carrier, where: str, limit: float) -> dict[str, Any] | None:
    """What comes until `limit`; None, ask (again), when nothing did or the connection stands only now."""
    while (now := time.monotonic()) < limit:
        for _, parts, _ in carrier.arrivals():
            status = _status(parts, where)
            if status is not None:
                return status
        if _stands(carrier, now):
            return None
        _wait(carrier, min(limit, carrier.deadline or limit) - now)
    return None


def _stands(carrier: Carrier, now: float) -> bool:
    _, facts = carrier.look(now)
    for fact in facts:
        if fact.final and fact.kind == "refused":
            raise Closed(fact.text)
    return any(fact.kind == "ready" for fact in facts)


def _status(parts: list[memoryview], where: str) -> dict[str, Any] | None:
    try:
        message = control.decode(parts[0]) if parts else None
    except BadFrame:
        return None
    if isinstance(message, control.Refuse):
        raise Closed(f"{where} refused: {message.message}")
    if isinstance(message, control.Observe) and isinstance(message.status, dict):
        return message.status
    return None


def _wait(carrier: Carrier, timeout_s: float) -> None:
    if carrier.waiting() or timeout_s <= 0:
        return
    poll = select.poll()
    poll.register(carrier.fileno(), select.POLLIN)
    if carrier.lookout is not None:
        poll.register(carrier.lookout, select.POLLIN)
    poll.poll(max(1, int(timeout_s * 1000)))
