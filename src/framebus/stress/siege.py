"""What strangers do at a port: rubbish, other protocols, half a conversation, more than anybody should take."""

from __future__ import annotations

import random
import socket
import struct
import sys
from collections.abc import Callable
from contextlib import ExitStack

from framebus.stress.trial import Trial
from framebus.testing import raw_zmtp
from framebus.testing.damage import Damage
from framebus.testing.parsers import parsers
from framebus.testing.raw_zmtp import MIB, shake_hands

Connect = Callable[[], socket.socket]


def _garbage(chance: random.Random, connect: Connect) -> None:
    connect().sendall(chance.randbytes(chance.randrange(1, 60_000)))


def _other_protocol(chance: random.Random, connect: Connect) -> None:
    connect().sendall(chance.choice(raw_zmtp.OTHERS))


def _old_zeromq(chance: random.Random, connect: Connect) -> None:
    parts = [chance.randbytes(chance.randrange(400)) for _ in range(chance.randrange(1, 4))]
    connect().sendall(raw_zmtp.OLD + raw_zmtp.old_message(parts))


def _half_a_greeting(chance: random.Random, connect: Connect) -> None:
    connect().sendall(raw_zmtp.GREETING[: chance.randrange(64)])


def _half_a_message(chance: random.Random, connect: Connect) -> None:
    whole = raw_zmtp.message(Damage(chance, _SENT).one() or [b"x"])
    line = connect()
    shake_hands(line)
    line.sendall(whole[: chance.randrange(len(whole) + 1)])


def _nearly_messages(chance: random.Random, connect: Connect) -> None:
    damage, line = Damage(chance, _SENT), connect()
    shake_hands(line)
    for _ in range(chance.randrange(1, 40)):
        line.sendall(raw_zmtp.message(damage.one() or [b""]))


def _commands(chance: random.Random, connect: Connect) -> None:
    line = connect()
    shake_hands(line)
    for _ in range(20):
        body = chance.choice((b"\x04PING", b"\x05READY", b"\x05ERROR", b"\x07UNKNOWN", b"")) + chance.randbytes(9)
        line.sendall(bytes([4, len(body)]) + body)


def _huge_part(chance: random.Random, connect: Connect) -> None:
    line = connect()
    shake_hands(line)
    line.sendall(b"\x02" + struct.pack(">Q", chance.choice(raw_zmtp.HUGE)) + bytes(1000))
    raw_zmtp.ended(line)


def _endless_parts(chance: random.Random, connect: Connect) -> None:
    line = connect()
    shake_hands(line)
    raw_zmtp.flood(line, raw_zmtp.part(bytes(chance.choice((0, 0, 100, 5000))) * 100, last=False), 20 * MIB)


def _endless_large_parts(chance: random.Random, connect: Connect) -> None:
    line = connect()
    shake_hands(line)
    raw_zmtp.flood(line, raw_zmtp.part(bytes(MIB), last=False), 200 * MIB)


def _reset(chance: random.Random, connect: Connect) -> None:
    line = connect()
    if chance.random() < 0.5:
        shake_hands(line)
    line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    line.close()


_SENT = [parts for parser in parsers()[:4] for parts in parser.messages]
OFTEN = (_garbage, _other_protocol, _old_zeromq, _half_a_greeting, _half_a_message, _nearly_messages, _commands)
ALL = (*OFTEN, _huge_part, _endless_parts, _endless_large_parts, _reset)


def few_bytes(chance: random.Random) -> bytes:
    """Of a greeting, of another protocol, or any."""
    whole = chance.choice((raw_zmtp.GREETING, raw_zmtp.OLD, *raw_zmtp.OTHERS, chance.randbytes(64)))
    return bytes(whole[: chance.randrange(len(whole) + 1)])


def connecting(trial: Trial, address: str, open_lines: ExitStack) -> Connect:
    """Connections to it, as strangers have them; they stay open until the end of the block.

    They come from many addresses of this machine: from one, the ports would soon be used up.
    """
    here = f"127.{trial.chance.randrange(256)}.{trial.chance.randrange(256)}.{trial.chance.randrange(1, 255)}"

    def connect() -> socket.socket:
        local = address.startswith("ipc")
        line = open_lines.enter_context(socket.socket(socket.AF_UNIX if local else socket.AF_INET))
        line.settimeout(20.0)
        if not local and sys.platform == "linux":
            line.bind((here, 0))
        where = address.removeprefix("ipc://") if local else ("127.0.0.1", int(address.rpartition(":")[2]))
        trial.wait_until(lambda: _taken(line, where), "a connection was taken")
        return line

    return connect


def _taken(line: socket.socket, where: str | tuple[str, int]) -> bool:
    """Connect; False where so many wait that a Unix socket takes none at the moment."""
    try:
        line.connect(where)
    except BlockingIOError:
        return False
    return True
