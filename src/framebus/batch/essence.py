"""A function, class or object as bytes that are the same in every process as long as its code and plain values are.

In them are instructions, constants, defaults, what closures hold, and what the code refers to by name in its own
module, as far as users wrote it: of what is installed only the names count. Nothing of it is called.
"""

from __future__ import annotations

import functools
import os
import sys
import types
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path, PurePath
from typing import Any

import numpy as np

_PLAIN = (type(None), bool, int, float, complex, str, bytes, type(...))
_INSTALLED = ("site-packages", "dist-packages")
_PASSING = frozenset(
    {"__abstractmethods__", "__annotate_func__", "__annotations__", "__annotations_cache__", "__dict__", "__doc__"}
    | {"__firstlineno__", "__module__", "__slotnames__", "__static_attributes__", "__weakref__", "_abc_impl"}
)
"""What a class has besides what was written: some of it changes when it is looked at, or from process to process."""
_WRAPPED = ("__wrapped__", "func", "pyfunc")
"""Where objects of libraries have the function that they make something else of."""
_PARTS = {
    types.MethodType: ("__func__", "__self__"),
    functools.partial: ("func", "args", "keywords"),
    staticmethod: ("__func__",),
    classmethod: ("__func__",),
    property: ("fget", "fset", "fdel"),
}
_BY_NAME = (types.BuiltinFunctionType, types.MethodDescriptorType, types.WrapperDescriptorType, np.ufunc)


class Essence:
    """Of one op; what occurs in it more than once is told once."""

    def __init__(self) -> None:
        self._seen: dict[int, tuple[int, Any]] = {}

    def of(self, value: Any) -> bytes:
        """The bytes; raises `RecursionError` for what is nested too deeply."""
        if (plain := _plain(value)) is not None:
            return plain
        number, _ = self._seen.setdefault(id(value), (len(self._seen), value))
        if number < len(self._seen) - 1:
            return _told("again", hex(number).encode())
        return self._code(value) or self._content(value) or self._object(value)

    def _code(self, value: Any) -> bytes:
        kind = type(value)
        if kind is types.CodeType:
            return self._instructions(value)
        if kind is types.FunctionType:
            return self._function(value) if is_own(value.__module__) else _named(value)
        if issubclass(kind, type):
            return self._class(value) if is_own(value.__module__) else _named(value)
        parts = [slot.__get__(value) for name, slot in vars(kind).items() if name in _PARTS.get(kind, ())]
        return _told(kind.__name__, *map(self.of, parts)) if parts else b""

    def _instructions(self, code: types.CodeType) -> bytes:
        takes = (code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags)
        names = (code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars)
        plain = (code.co_code, code.co_exceptiontable, takes, names)
        return _told("code", *map(self.of, plain), *map(self.of, code.co_consts))

    def _function(self, function: types.FunctionType) -> bytes:
        within = function.__globals__
        named = {name: within[name] for name in _names(function.__code__) if name in within}
        held = [_held(cell) for cell in function.__closure__ or ()]
        parts = (function.__code__, function.__defaults__, function.__kwdefaults__, held, named)
        return _told("function", *map(self.of, parts))

    def _class(self, found: type) -> bytes:
        written = {name: value for name, value in vars(found).items() if name not in _PASSING}
        return _told("class", found.__qualname__.encode(), *map(self.of, found.__bases__), self.of(written))

    def _content(self, value: Any) -> bytes:
        """Of what holds others; a class of its own is told, too."""
        kind = type(value)
        if kind is np.ndarray:
            plain = not value.dtype.hasobject
            return _told("array", repr((value.dtype.descr, value.shape)).encode(), value.tobytes()) if plain else b""
        if issubclass(kind, dict):
            pairs = sorted(dict.items(value), key=lambda pair: _key(pair[0]))
            return _told("pairs", self.of(kind), *(part for key, each in pairs for part in (_key(key), self.of(each))))
        if issubclass(kind, set | frozenset):
            entries = set.__iter__(value) if issubclass(kind, set) else frozenset.__iter__(value)
            return _told("set", self.of(kind), *sorted(map(_key, entries)))
        if issubclass(kind, list | tuple):
            row = list.__iter__(value) if issubclass(kind, list) else tuple.__iter__(value)
            return _told("row", self.of(kind), *map(self.of, row))
        return b""

    def _object(self, value: Any) -> bytes:
        kind = type(value)
        if issubclass(kind, _BY_NAME):
            return _named(value)
        if issubclass(kind, types.ModuleType):
            return _told("module", value.__name__.encode(), _source(value.__name__))
        if is_own(kind.__module__):
            return _told("object", self.of(kind), self.of(_state(value)))
        state = _state(value)
        wrapped = [state[name] for name in _WRAPPED if name in state]
        return _told("wrapper", _type(value), *map(self.of, wrapped)) if wrapped else opaque(value)


def opaque(value: Any) -> bytes:
    """What is told of an object that cannot be looked into."""
    return _told("something", _type(value))


def is_own(module: str | None) -> bool:
    """Whether users wrote the module of that name: it is neither installed, nor Python's, nor ours."""
    if module is None or module.partition(".")[0] in ("framebus", *sys.builtin_module_names, *sys.stdlib_module_names):
        return False
    path = file_of(module)
    return path is None or not is_installed(path)


def is_installed(path: str) -> bool:
    """Whether a file belongs to a package that was installed."""
    return any(part in _INSTALLED for part in path.replace(os.sep, "/").split("/"))


def file_of(module: str) -> str | None:
    """Where a module that is loaded came from."""
    path = getattr(sys.modules.get(module), "__dict__", {}).get("__file__")
    return path if isinstance(path, str) else None


def _plain(value: Any) -> bytes | None:
    """Of numbers, texts and the like, and of tuples and sets of them; None for anything else."""
    kind = type(value)
    if kind in _PLAIN:
        return _told(kind.__name__, (hex(value) if kind is int else ascii(value)).encode())
    if kind is slice:
        return _whole("slice", (value.start, value.stop, value.step))
    if kind in (tuple, frozenset):
        return _whole(kind.__name__, value)
    if issubclass(kind, PurePath) and not is_own(kind.__module__):
        return _told("path", os.fsencode(value))
    if issubclass(kind, np.generic) and not value.dtype.hasobject:
        return _told("scalar", value.dtype.str.encode(), value.tobytes())
    return None


def _whole(kind: str, values: Iterable[Any]) -> bytes | None:
    parts = [part for part in map(_plain, values) if part is not None]
    if len(parts) < len(tuple(values)):
        return None
    return _told(kind, *(sorted(parts) if kind == "frozenset" else parts))


def _names(code: types.CodeType) -> set[str]:
    """What a function, and those inside it, may look up in its module."""
    inner = [const for const in code.co_consts if isinstance(const, types.CodeType)]
    found = {name for name in code.co_names if not name.startswith("__")}
    return found.union(*map(_names, inner))


def _held(cell: types.CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # empty: it is assigned later
        return None


def _state(value: Any) -> Mapping[str, Any]:
    """The attributes of an object, those in slots included."""
    state: dict[str, Any] = {}
    with suppress(AttributeError):
        state.update(object.__getattribute__(value, "__dict__"))
    for kind in type(value).__mro__:
        for name, slot in vars(kind).items():
            if type(slot) is types.MemberDescriptorType and is_own(kind.__module__):
                with suppress(AttributeError):  # it was never set
                    state[name] = slot.__get__(value)
    return state


def _source(module: str) -> bytes:
    """The file of a module that users wrote."""
    with suppress(OSError):
        if is_own(module) and (path := file_of(module)):
            return Path(path).read_bytes()
    return b""


def _key(value: Any) -> bytes:
    return _plain(value) or _type(value)


def _named(value: Any) -> bytes:
    name = getattr(value, "__qualname__", "") or getattr(value, "__name__", "")
    return _told("named", f"{getattr(value, '__module__', '')}:{name}".encode())


def _type(value: Any) -> bytes:
    return _named(type(value))


def _told(kind: str, *parts: bytes) -> bytes:
    """Parts with their lengths: no two ways to write the same."""
    return b"%s(%s)" % (kind.encode(), b"".join(b"%d:%s" % (len(part), part) for part in parts))
