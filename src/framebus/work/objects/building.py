"""Makes the object that is to be served, and sees to its end."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from framebus.core.errors import Error, OpError, OptionError

Emit = Callable[[Any], None]
EMIT = "emit"
"""A parameter of this name gets the function that tells events."""


def check_arguments(
    name: str, function: Callable[..., Any], arguments: tuple[Any, ...], named: Mapping[str, Any]
) -> None:
    """Raise `OptionError` unless the class or function takes these arguments."""
    signature = _signature(function)
    if signature is None:
        return
    try:
        signature.bind(*arguments, **_with_emit(signature, named, print))
    except TypeError as error:
        raise OptionError(f"{name} cannot be built: {error}; it takes {signature}") from None


def build(
    name: str, function: Callable[..., Any], arguments: tuple[Any, ...], named: Mapping[str, Any], emit: Emit
) -> Any:
    """The object: of a class, or what a function returns. It gets `emit` where it has such a parameter.

    Raises `OptionError` for arguments it does not take, and lets its own exceptions through.
    """
    check_arguments(name, function, arguments, named)
    signature = _signature(function)
    made = function(*arguments, **(named if signature is None else _with_emit(signature, named, emit)))
    if made is None:
        raise OptionError(f"{name} returned None: it has to return the object")
    return made


def built_here(
    name: str, function: Callable[..., Any], arguments: tuple[Any, ...], named: Mapping[str, Any], emit: Emit
) -> Any:
    """The same in the process of whoever asked for it; what it raises becomes an `OpError`."""
    try:
        return build(name, function, arguments, named, emit)
    except Error:
        raise
    except Exception as error:
        raise OpError(f"{name} could not be built: {type(error).__name__}: {error}") from error


def finish(thing: Any, run: Callable[..., Any]) -> None:
    """Call its `close()`, where it has one that takes nothing."""
    close = getattr(thing, "close", None)
    if callable(close) and _takes_nothing(close):
        run(close)


def loop_of(thing: Any) -> Callable[[], Any] | None:
    """Its `run()`, plain or `async`, where it has one that takes nothing."""
    run = getattr(thing, "run", None)
    return run if inspect.isroutine(run) and _takes_nothing(run) else None


def _takes_nothing(function: Callable[..., Any]) -> bool:
    signature = _signature(function)
    if signature is None:
        return False
    with suppress(TypeError):
        signature.bind()
        return True
    return False


def _with_emit(signature: inspect.Signature, named: Mapping[str, Any], emit: Emit) -> dict[str, Any]:
    if EMIT in signature.parameters and EMIT not in named:
        return {**named, EMIT: emit}
    return dict(named)


def _signature(function: Callable[..., Any]) -> inspect.Signature | None:
    try:
        return inspect.signature(function)
    except (TypeError, ValueError):  # written in C, without a signature
        return None
