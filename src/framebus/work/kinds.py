"""Whether what people name is a service, which answers frames, or an object, whose methods are called."""

from __future__ import annotations

import ast
import functools
import inspect
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from framebus.core.callables import find, split
from framebus.core.errors import OptionError
from framebus.pool.answers import kind_of

_PLAIN = (type(None), bool, int, float, complex, str, bytes, list, tuple, dict, set, frozenset)


def is_service(target: Any) -> bool:
    """True for functions and for classes that are called once they are built; False for objects, and other classes.

    By name, too: the file is read, and imported only where that does not tell. Raises `OptionError` for what is
    neither.
    """
    if isinstance(target, str):
        told = _told_by_text(target)
        return is_service(find(target).function) if told is None else told
    if isinstance(target, _PLAIN) or type(target) is object:
        raise OptionError(f"{kind_of(target)} is neither a function nor a class nor an object with methods")
    function = target.func if isinstance(target, functools.partial) else target
    if inspect.isclass(function):
        return _is_called(function)
    return inspect.isroutine(function)


def _is_called(kind: type) -> bool:
    return any("__call__" in vars(base) for base in kind.__mro__ if base is not type)


def _told_by_text(target: str) -> bool | None:
    """What the source says, without importing it: a model may take seconds, and belongs into another process."""
    place, attribute, _ = split(target)
    if not place:
        return True
    try:
        tree = ast.parse(_source(place))
    except (OSError, SyntaxError, ValueError):
        return None
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == attribute and not node.decorator_list:
            return isinstance(node, ast.FunctionDef) or _class_told(node)
    return None


def _class_told(node: ast.ClassDef) -> bool | None:
    if any(isinstance(part, ast.FunctionDef) and part.name == "__call__" for part in node.body):
        return True
    return None if node.bases or node.keywords else False


def _source(place: str) -> bytes:
    if place.endswith(".py"):
        return Path(place).read_bytes()
    try:
        spec = find_spec(place)
    except (ImportError, AttributeError) as error:
        raise ValueError(place) from error
    if spec is None or not spec.has_location or spec.origin is None:
        raise ValueError(place)
    return Path(spec.origin).read_bytes()
