"""Functions and classes as bytes, for processes of our own alone: what can be imported by name, the rest by value.

These bytes are pickles: whoever loads them runs what they say. They travel in memory that a worker inherits, and
nothing that comes over a link is ever given to `from_bytes`.
"""

from __future__ import annotations

import pickle
import sys
from typing import Any

from framebus.core.callables import OPS_FILE
from framebus.core.errors import OptionError


def to_bytes(function: Any, name: str) -> bytes:
    """`function` (also a class, a lambda, a closure, one of `__main__`, a list of them) for another process.

    What it refers to goes along: globals of `__main__`, what a closure holds. Raises `OptionError` where something
    among that cannot, such as an open file or a lock.
    """
    import cloudpickle

    for module in [module for key, module in list(sys.modules.items()) if key.startswith(OPS_FILE)]:
        cloudpickle.register_pickle_by_value(module)  # it was read from a file, and another process cannot import it
    try:
        data: bytes = cloudpickle.dumps(function)
    except Exception as error:  # whatever the objects it refers to raise when they are pickled
        raise OptionError(
            f"{name} cannot be taken to its own process: {type(error).__name__}: {error}; "
            "make what it refers to inside it, or give a class, which is built there"
        ) from error
    return data


def from_bytes(data: bytes) -> Any:
    """The function or class again. Only for bytes that this process inherited from its parent."""
    return pickle.loads(data)  # noqa: S301
