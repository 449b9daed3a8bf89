"""Encoded pictures: self-contained bytes that become an array when somebody looks.

`encode(frame, "jpeg=85")` gives a frame that carries such bytes; relays and recorders pass them on untouched.
One encoding per file, registered by the file's name in `framebus.core.registry.ENCODINGS`.
"""

from __future__ import annotations

from framebus.wire.encodings.image import EncodedImage, Tunable, encode, from_bytes

__all__ = ["EncodedImage", "Tunable", "encode", "from_bytes"]
