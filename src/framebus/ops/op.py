"""What all built-in ops are: classes that are built with what people typed, and say what is wrong with it."""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import wraps
from typing import Any, ClassVar, TypeVar

import numpy as np

from framebus.core.errors import OptionError
from framebus.core.options import nearest

C = TypeVar("C", bound=Callable[..., None])


def _checked(init: C) -> C:
    """`init` with errors that name the op: wrong words, too many or too few values, values it refuses."""
    signature = inspect.signature(init)

    @wraps(init)
    def built(self: Op, *arguments: Any, **named: Any) -> None:
        name = self.name()
        known = [parameter for parameter in signature.parameters if parameter != "self"]
        for word in named:
            if word not in known:
                raise OptionError(f"{name} does not take {word}=: {nearest(word, known)}")
        try:
            signature.bind(self, *arguments, **named)
            init(self, *arguments, **named)
        except (TypeError, OptionError) as error:
            raise OptionError(f"{name}: {error} (as in {self.example})") from error

    return built  # type: ignore[return-value]


class Op(ABC):
    """Built once with its arguments, called with one frame or array after the other, or with a list of them.

    Raises `OptionError` when it is built with what it does not take, naming the op and what is allowed. Those that
    remember earlier frames belong to one thread, all others to any.
    """

    example: ClassVar[str]
    """How somebody would type it."""
    is_gray: ClassVar[bool] = False
    """True where it looks at brightness alone."""
    by_channel: ClassVar[bool] = False
    """True where it does the same to every channel, so that brightness may as well be taken before it."""
    remembers: ClassVar[bool] = False
    """True where what becomes of a frame depends on those before it: several workers each see only some."""

    def __init_subclass__(cls) -> None:
        if "__init__" in vars(cls):
            cls.__init__ = _checked(cls.__init__)  # type: ignore[method-assign]

    @_checked
    def __init__(self) -> None:
        super().__init__()

    @classmethod
    def name(cls) -> str:
        """What people call it."""
        return cls.__name__.lower()

    def __call__(self, frame: Any) -> Any:
        """The answer to a frame or an array; to a list of them, a list."""
        with np.errstate(all="ignore"):  # pictures may hold infinity, and what is no number
            return [self.one(each) for each in frame] if isinstance(frame, list) else self.one(frame)

    @abstractmethod
    def one(self, frame: Any) -> Any:
        """The answer to one frame or array."""
