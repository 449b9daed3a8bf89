"""The parameter sets a decoder needs before the first picture: from the description, renewed by the pictures."""

from __future__ import annotations

from collections.abc import Iterable

from framebus.core.errors import BadFrame
from framebus.sources.rtsp.partial_unit import START

MAX_BYTES = 64 * 1024


class ParameterSets:
    """All sets in force. Those of one kind that come with a picture replace the earlier ones of that kind."""

    def __init__(self) -> None:
        self._sets: dict[int, tuple[bytes, ...]] = {}
        self.config = b""
        """In Annex B, in the order in which decoders want them."""

    def update(self, sets: Iterable[tuple[int, bytes]]) -> None:
        """Take the sets of one picture, or of the description. Raises `BadFrame` where they are too long."""
        new: dict[int, tuple[bytes, ...]] = {}
        for kind, data in sets:
            if data not in new.get(kind, ()):
                new[kind] = (*new.get(kind, ()), data)
        if any(self._sets.get(kind) != data for kind, data in new.items()):
            self._put(self._sets | new)

    def _put(self, sets: dict[int, tuple[bytes, ...]]) -> None:
        config = b"".join(START + data for kind in sorted(sets) for data in sets[kind])
        if len(config) > MAX_BYTES:
            raise BadFrame(f"parameter sets of {len(config)} bytes are refused: {MAX_BYTES} at most")
        self._sets, self.config = sets, config
