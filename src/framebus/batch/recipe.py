"""What is to be made of every input: as data that travels to whoever does it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from framebus.batch.writing.encoders import Style
from framebus.wire import limits

Spec = str | Callable[..., Any]
"""An op, as people write it or as a callable."""


class Output(msgspec.Struct, frozen=True):
    """One file made of every picture."""

    place: str
    """The folder or template, as for `Naming`."""
    ops: tuple[Spec, ...] = ()
    format: str = ""
    """As for `Naming`."""


class Recipe(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that whoever works on an input has to know."""

    outputs: tuple[Output, ...]
    style: Style = Style()
    max_pixels: int = limits.MAX_PIXELS
    tolerant: bool = False
    overwrite: bool = False
    fsync: bool = False
    began_ns: int = 0
    """When the job first began; see `Files`."""
    limit_s: float = 0.0
    """Longest time for one picture, where it is done in a process of its own; 0: any."""
    max_memory: int = 0
    """Most bytes of address space for whoever does it in a process of its own; 0: any."""

    @property
    def kept_since_ns(self) -> int:
        """What is older than that is not the job's, and not replaced; 0: everything may be."""
        return 0 if self.overwrite else self.began_ns
