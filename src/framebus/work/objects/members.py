"""What of an object others may use: names without a leading underscore, defined below `object`."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Collection, Iterator
from typing import Any, Literal

import msgspec

from framebus.core.options import nearest
from framebus.pool.answers import kind_of

KEPT = frozenset({"close"})
"""What proxies do themselves: whoever is done with a device does not close it for everybody."""


class Member(msgspec.Struct, frozen=True, omit_defaults=True):
    """One method or attribute, for people and for proxies."""

    name: str
    kind: Literal["method", "attribute"]
    signature: str = ""
    """Of a method, without `self`: `(seconds: float = 1.0) -> Frame`."""
    doc: str = ""
    """The first line of its docstring."""
    type: str = ""
    """Of an attribute, where it is known without asking for its value."""
    writable: bool = False


class Description(msgspec.Struct, frozen=True):
    """An object as others see it."""

    name: str
    """Its class."""
    doc: str
    instance: str
    """Changes whenever the object is made anew."""
    members: list[Member]


def members_of(thing: Any, besides: Collection[str] = ()) -> dict[str, Member]:
    """The public members of `thing` by name, sorted; computes no property. Names in `besides` are left out."""
    found: dict[str, Member] = {}
    for name in sorted(set(_names(thing)) - KEPT - set(besides)):
        member = _member(thing, name)
        if member is not None:
            found[name] = member
    return found


def first_line(thing: Any) -> str:
    """The first line of what its docstring says."""
    return (inspect.getdoc(thing) or "").partition("\n")[0]


def unknown(owner: str, name: str, known: Collection[str]) -> str:
    """The sentence for a name that does not exist."""
    if not known:
        return f"{owner} has no {name!r}: it has no public methods or attributes"
    said = nearest(name, known)
    listed = "" if said.startswith("there is") else f" (it has {', '.join(sorted(known))})"
    return f"{owner} has no {name!r}: {said.replace('there is ', 'it has ')}{listed}"


def is_async(thing: Any) -> bool:
    """True where a public method is `async def`: all of it belongs to an event loop then."""
    methods = (inspect.getattr_static(thing, name, None) for name in _names(thing))
    return any(inspect.iscoroutinefunction(method) or inspect.isasyncgenfunction(method) for method in methods)


def _names(thing: Any) -> Iterator[str]:
    places = [vars(kind) for kind in type(thing).__mro__ if kind is not object]
    for place in [*places, getattr(thing, "__dict__", {})]:
        yield from (name for name in place if not name.startswith("_"))


def _member(thing: Any, name: str) -> Member | None:
    static = inspect.getattr_static(thing, name)
    if isinstance(static, property):
        writable = static.fset is not None
        return Member(name, "attribute", doc=first_line(static), type=_returns(static.fget), writable=writable)
    if isinstance(static, functools.cached_property):
        return Member(name, "attribute", doc=first_line(static), type=_returns(static.func))
    if isinstance(static, staticmethod | classmethod) or inspect.isroutine(static):
        return _method(name, getattr(thing, name))
    if hasattr(type(static), "__get__"):  # slots and other descriptors
        return Member(name, "attribute", writable=hasattr(type(static), "__set__"))
    if inspect.isclass(static) or inspect.ismodule(static):
        return None
    if callable(static):
        return _method(name, static)
    return Member(name, "attribute", type=kind_of(static), writable=True)


def _method(name: str, method: Any) -> Member:
    return Member(name, "method", signature=_signature(method), doc=first_line(method))


class _Bare(str):
    """An annotation as people write it: without quotes, without modules."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def _bare(annotation: Any) -> Any:
    if isinstance(annotation, type) and annotation is not inspect.Parameter.empty:
        return _Bare(annotation.__qualname__)
    return _Bare(annotation) if isinstance(annotation, str) else annotation


def _signature(method: Any) -> str:
    try:
        signature = inspect.signature(method)
    except (TypeError, ValueError):  # written in C, without a signature
        return "(…)"
    parameters = [one.replace(annotation=_bare(one.annotation)) for one in signature.parameters.values()]
    return str(signature.replace(parameters=parameters, return_annotation=_bare(signature.return_annotation)))


def _returns(getter: Any) -> str:
    annotation = getattr(getter, "__annotations__", {}).get("return", "")
    return annotation if isinstance(annotation, str) else getattr(annotation, "__name__", str(annotation))
