"""Every limit of the wire in one place; all are checked before memory is touched, by both sides."""

from __future__ import annotations

from typing import Final

MAX_HEADER_BYTES: Final = 64 * 1024
"""Longest JSON header of a frame or packet."""
MAX_DEPTH: Final = 4
"""Containers inside each other in one value of a header; `meta` itself is the first."""
MAX_NDIM: Final = 8
"""Dimensions of an array."""
MAX_ARRAYS: Final = 64
"""Further named arrays in one frame."""
MAX_FRAME_BYTES: Final = 256_000_000
"""Longest payload a side takes unless told otherwise."""
MAX_DECODED_BYTES: Final = 400_000_000
"""Largest array an encoded image may become: `MAX_PIXELS` of four bytes."""
MAX_PIXELS: Final = 100_000_000
"""Most pixels (width x height) a compressed picture may claim."""
MAX_EXACT_INT: Final = 2**53 - 1
"""Largest integer every JSON reader keeps exact; larger ones travel as text."""
MAX_NS: Final = 2**63 - 1
"""Latest time in nanoseconds."""
MAX_WORD: Final = 64
"""Longest codec, encoding, clock or array name."""
MAX_CONFIG_BYTES: Final = 16 * 1024
"""Longest codec configuration of a packet."""
ALIGNMENT: Final = 64
"""Further arrays of a frame start at multiples of this many bytes."""
MAX_PICKLE_STEPS: Final = 20_000
"""Longest program a pickle may be, in opcodes; its values are at most as many."""
MAX_PICKLE_DEPTH: Final = 8
"""Containers inside each other in a pickle."""
