"""Messages that are almost right: bytes flipped, cut and doubled, values of headers replaced, parts lost and added."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

_TOKENS = re.compile(rb'("(?:[^"\\]|\\.)*"|-?[0-9][0-9.eE+-]*|[\[\]{}:,])')
ODD_VALUES = (
    *(b"-1", b"0", b"1", b"2.5", b"1e400", b"NaN", b"-0", b"9" * 30, b"9" * 5000, b"2147483648", b"4294967296"),
    *(b"9007199254740993", b"9223372036854775808", b"18446744073709551616", b"null", b"true", b"false"),
    *(b'""', b'"x"', b'"-1"', b'"object"', b'"O"', b'"|V8"', b'"u1,u4"', b'"float128"', b'"uint8"', b'"complex64"'),
    *(b'"jpeg"', b'"png"', b'"lz4"', b'"raw"', b'"bgr24"', b'"i420"', b'"array"', b'"gray16"', b'"h264"'),
    *(b'"../../etc/passwd"', b'"\\u0000"', b'"\\ud800"', b'"\x1b[2J"', b'"\xff\xfe"', b'"a\nb"', b'"**"', b'"\\u202e"'),
    *(b"[]", b"{}", b"[0]", b"[-1,-1]", b"[2147483648,2147483648,3]", b"[1,1,1,1,1,1,1,1,1]", b"[[]]", b"{"),
    *(b"[" * 2000, b'{"a":' * 500, b"[" * 60 + b"]" * 60, b'"' + b"a" * 9000 + b'"', b'"fb":1,"fb":2'),
)
"""What stands where something else belongs."""


class Damage:
    """Any number of damaged copies of `messages` (each its parts); the same ones for the same `chance`.

    `values` are what takes the place of other values of JSON.
    """

    def __init__(
        self,
        chance: random.Random,
        messages: Sequence[Sequence[bytes]],
        *,
        values: Sequence[bytes] = ODD_VALUES,
    ) -> None:
        self._values = values
        self._random = chance.random  # several times as fast as `randrange` and `choice`
        self._noise = chance.randbytes(4096)
        self._messages = [list(map(bytes, parts)) for parts in messages]
        self._tokens: dict[bytes, list[bytes]] = {}

    def one(self) -> list[bytes]:
        """The next one: damaged in one way, or in two or three."""
        parts = self._messages[self._below(len(self._messages))][:]
        for _ in range(1 + int(3 * self._random() ** 3)):
            self._spoil(parts)
        return parts

    def _below(self, number: int) -> int:
        return int(self._random() * number)

    def _bytes(self, most: int) -> bytes:
        at = self._below(4000)
        return self._noise[at : at + self._below(most)]

    def _spoil(self, parts: list[bytes]) -> None:
        at, way = self._below(len(parts)), self._random()
        if not parts or way < 0.03:
            parts.insert(at, self._bytes(30))
        elif way < 0.06:
            del parts[at]
        elif way < 0.6 and parts[at][:1] == b"{":
            parts[at] = self._value_replaced(parts[at])
        else:
            parts[at] = self._bytes_changed(parts[at])

    def _value_replaced(self, part: bytes) -> bytes:
        """A word of JSON becomes another one, or is left out."""
        tokens = self._tokens.get(part)
        if tokens is None:
            tokens = _TOKENS.split(part)
            if len(self._tokens) < 500:
                self._tokens[part] = tokens
        at = self._below(len(tokens) // 2) * 2 + 1 if len(tokens) > 1 else 0  # words are between what is no word
        other = (
            self._values[self._below(len(self._values))] if self._random() < 0.9 else tokens[self._below(len(tokens))]
        )
        return b"".join((*tokens[:at], other, *tokens[at + 1 :]))

    def _bytes_changed(self, part: bytes) -> bytes:
        first = self._below(len(part) + 1)
        length = self._below(3) if self._random() < 0.7 else self._below(len(part) + 1)
        way = self._random()
        if way < 0.1:
            return part[:first]
        if way < 0.2:
            return part[: first + length] + part[first:]
        return part[:first] + self._bytes(7) + part[first + length :]
