"""What is wanted of a picture that is read: how it is limited, and how little of it is enough."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from framebus.wire import limits

Size = tuple[int, int]
"""Width and height."""
Enough = Callable[[Size, Size], bool]
"""Of a picture's size and a smaller one: whether the smaller picture is as good for what is made of it."""


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """How pictures are to be read."""

    max_pixels: int = limits.MAX_PIXELS
    """A picture of more is refused by its header, before anything is decoded."""
    tolerant: bool = False
    """Keep what can be decoded of a JPEG that is damaged or cut short, and say so."""
    enough: Enough | None = None
    """A JPEG may be decoded smaller than it is where that is enough; None: never."""
    gray: bool = False
    """A colour JPEG may be decoded without its colours."""
