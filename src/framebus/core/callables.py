"""What people name as work on a frame: a function, a class, a built-in op or `file.py:name`, and how it is called.

One rule everywhere: a function is called with each picture (`frame.image`), with the frame itself where its first
parameter is called `frame` or annotated `Frame`; a class is built once with the arguments given, then called.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import inspect
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec

from framebus.core.contracts import Item
from framebus.core.errors import OptionError
from framebus.core.frame import Frame
from framebus.core.options import nearest
from framebus.core.registry import OPS

Function = Callable[..., Any]

_SIZE = re.compile(r"\d+x\d+")

OPS_FILE = "framebus_op_"
"""How the names of modules begin that were read from a file somebody named."""


class Target(msgspec.Struct, frozen=True):
    """A function or class that was found, and the arguments to give it besides the frame."""

    name: str
    """As people wrote it, or the function's own name."""
    function: Function
    arguments: tuple[Any, ...] = ()
    named: Mapping[str, Any] = {}


class Ready:
    """A target that can be called with frames: a class among them was built. Used by one thread at a time."""

    def __init__(self, target: Target) -> None:
        self.name = target.name
        self._arguments: tuple[Any, ...] = ()
        self._named: Mapping[str, Any] = {}
        if inspect.isclass(target.function):
            self._function = _built(target)
        else:
            self._function, self._arguments, self._named = target.function, target.arguments, target.named
        self._takes_frame = takes_frame(self._function)
        self.takes_packets = takes_packet(self._function)
        """Whether it wants coded packets, which others cannot work on."""
        self.remembers: bool = getattr(self._function, "remembers", False) is True
        """Whether what becomes of a frame depends on those before it: it says so by an attribute of this name."""

    def __call__(self, frame: Item) -> Any:
        """Whatever it answers; lets its exceptions through."""
        if isinstance(frame, Frame) and not (self._takes_frame or self.takes_packets):
            return self._function(frame.image, *self._arguments, **self._named)
        return self._function(frame, *self._arguments, **self._named)

    def together(self, frames: Sequence[Frame]) -> Any:
        """Whatever it answers to a list of all of them; lets its exceptions through."""
        pictures = list(frames) if self._takes_frame else [frame.image for frame in frames]
        return self._function(pictures, *self._arguments, **self._named)


def find(spec: str | Function) -> Target:
    """What is written as `resize`, `file.py:name` or `module:name` with `=VALUE,KEY=VALUE`, or given as it is.

    Imports the module. Raises `OptionError` where there is no such op, file, module or name.
    """
    if callable(spec):
        return Target(getattr(spec, "__name__", type(spec).__name__), spec)
    place, attribute, arguments = split(spec)
    if not place:
        return Target(spec, OPS.get(attribute), *_arguments(arguments))
    module = _file(place) if place.endswith(".py") else _module(place)
    found = getattr(module, attribute, None)
    if not callable(found):
        known = [name for name, value in vars(module).items() if callable(value) and not name.startswith("_")]
        raise OptionError(f"{place} has no function or class {attribute!r}: {nearest(attribute, known)}")
    return Target(f"{place}:{attribute}", found, *_arguments(arguments))


def split(spec: str) -> tuple[str, str, str]:
    """Place, name and arguments of a text such as `detect.py:Detect=yolo.onnx,conf=0.4`; raises `OptionError`.

    The place of a built-in op is empty.
    """
    target, _, arguments = spec.partition("=")
    place, colon, attribute = target.rpartition(":")
    if not attribute or (colon and not place) or (not colon and attribute not in OPS):
        raise OptionError(
            f"{spec!r} names no function: write file.py:function, module:function or an op{_built_in(target)}"
        )
    return place, attribute, arguments


def _built_in(name: str) -> str:
    """The op that was probably meant."""
    return f" ({nearest(name, OPS.names())})" if name.isidentifier() else ""


def takes_frame(function: Function) -> bool:
    """True where the first parameter is called `frame` or annotated `Frame`: it wants more than the picture.

    So does one that takes a list of them.
    """
    name, annotation = _first_parameter(function)
    return name in ("frame", "frames") or annotation in ("Frame", "list[Frame]")


def takes_packet(function: Function) -> bool:
    """True where the first parameter is called `packet` or annotated `Packet`: it works on coded video."""
    name, annotation = _first_parameter(function)
    return name == "packet" or annotation == "Packet"


def _first_parameter(function: Function) -> tuple[str, str]:
    """Its name, and the name of its type."""
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):  # written in C, without a signature
        return "", ""
    if not parameters:
        return "", ""
    annotation = parameters[0].annotation
    named = annotation if isinstance(annotation, str) else getattr(annotation, "__name__", "")
    return parameters[0].name, named.rpartition(".")[2]


def _built(target: Target) -> Function:
    try:
        made = target.function(*target.arguments, **target.named)
    except TypeError as error:
        raise OptionError(f"{target.name} cannot be built: {error}") from error
    if not callable(made):
        raise OptionError(f"{target.name} is a class without __call__(self, image): give it one, or name a function")
    function: Function = made
    return function


def _arguments(text: str) -> tuple[tuple[Any, ...], dict[str, Any]]:
    parts = [part.partition("=") for part in text.split(",") if part]
    positional = tuple(_value(key) for key, equals, _ in parts if not equals)
    return positional, {key: _value(value) for key, equals, value in parts if equals}


def _value(text: str) -> Any:
    if _SIZE.fullmatch(text):  # 0x512 would be a number to Python
        return text
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text


def _module(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise OptionError(f"module {name!r} cannot be imported: {error}") from error


def _file(place: str) -> ModuleType:
    path = Path(place)
    if not path.is_file():
        raise OptionError(f"file {place} does not exist (looked in {Path.cwd()})")
    name = f"{OPS_FILE}{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise OptionError(f"file {place} cannot be imported")
    if (folder := str(path.resolve().parent)) not in sys.path:
        sys.path.append(folder)  # what lies beside it can be imported, as in a script, but hides nothing
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses and pickle look their module up there
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise OptionError(f"file {place} failed while it was imported: {type(error).__name__}: {error}") from error
    return module
