"""Reading the bits of a parameter set: fixed numbers, and those of Exp-Golomb codes (ITU-T H.264, 9.1)."""

from __future__ import annotations

from framebus.core.errors import BadFrame

_LONGEST = 32


class Bits:
    """A cursor over bytes from which emulation prevention was taken out. Raises `BadFrame` beyond the end."""

    def __init__(self, data: bytes) -> None:
        self._number = int.from_bytes(data, "big")
        self._left = len(data) * 8

    def take(self, count: int) -> int:
        """The next `count` bits as an unsigned number."""
        if count > self._left:
            raise BadFrame("a parameter set that is cut short")
        self._left -= count
        return self._number >> self._left & ((1 << count) - 1)

    def unsigned(self) -> int:
        """The next Exp-Golomb code as an unsigned number."""
        zeros = 0
        while not self.take(1):
            zeros += 1
            if zeros > _LONGEST:
                raise BadFrame("a parameter set with a number that is too long")
        return (1 << zeros) - 1 + self.take(zeros)

    def signed(self) -> int:
        """The next Exp-Golomb code as a signed number."""
        code = self.unsigned()
        return (code + 1) // 2 if code & 1 else -(code // 2)


def unescaped(unit: bytes) -> bytes:
    """A unit without emulation prevention bytes."""
    return unit.replace(b"\0\0\3", b"\0\0")
