"""Ops: any callable of an array or a frame, written `file.py:name`, `module:name`, or given as it is."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import inspect
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from framebus.core.contracts import Item
from framebus.core.errors import BadFrame, OpError, OptionError
from framebus.core.formats import guess_format, preferred_format
from framebus.core.frame import Frame
from framebus.core.options import nearest

Answer = np.ndarray[Any, Any] | Frame | Mapping[str, Any] | None
Function = Callable[..., Answer]


class Op:
    """One callable, applied to one frame after another in the calling thread.

    It gets the frame where its first parameter is called `frame` or annotated `Frame`, and `frame.image` (read-only
    array, height × width [× channels]) otherwise. It answers with an array or a frame (which keeps the identity of
    the one it was made from), a mapping (added to `frame.meta`), or None (the frame is dropped).
    """

    def __init__(
        self, name: str, function: Function, arguments: tuple[Any, ...] = (), named: Mapping[str, Any] | None = None
    ) -> None:
        self.name = name
        named = dict(named or {})
        if inspect.isclass(function):
            self._function: Function = _built(name, function, arguments, named)
            self._arguments: tuple[Any, ...] = ()
            self._named: dict[str, Any] = {}
        else:
            self._function, self._arguments, self._named = function, arguments, named
        self._takes_frame = _takes_frame(self._function)

    def __call__(self, frame: Item) -> Frame | None:
        """The op's answer as a frame, or None where it drops this one; raises `OpError` naming the frame."""
        if not isinstance(frame, Frame):
            raise OpError(
                f"{self.name} cannot work on coded packets of {frame.stream}: open the source without packets"
            )
        argument = frame if self._takes_frame else frame.image
        try:
            return _answered(frame, self._function(argument, *self._arguments, **self._named))
        except Exception as error:
            which = f"frame {frame.seq} of {frame.stream or 'the source'}"
            raise OpError(f"{self.name} failed on {which}: {type(error).__name__}: {error}") from error


def load(spec: str | Function) -> Op:
    """The op written as `file.py:name` or `module:name`, with `=VALUE,KEY=VALUE` arguments, or any callable.

    A class is built once with the arguments and then called with each frame. Raises `OptionError` where there is
    no such file, module or name.
    """
    if callable(spec):
        return Op(getattr(spec, "__name__", type(spec).__name__), spec)
    target, _, arguments = spec.partition("=")
    place, colon, attribute = target.rpartition(":")
    if not colon or not place or not attribute:
        raise OptionError(f"op {spec!r} names no function: write file.py:function or module:function")
    module = _file(place) if place.endswith(".py") else _module(place)
    found = getattr(module, attribute, None)
    if not callable(found):
        known = [name for name, value in vars(module).items() if callable(value) and not name.startswith("_")]
        raise OptionError(f"{place} has no function or class {attribute!r}{nearest(attribute, known)}")
    return Op(target, found, *_arguments(arguments))


def load_all(specs: Iterable[str | Function] | str | Function) -> tuple[Op, ...]:
    """Several, or the one given alone."""
    if isinstance(specs, str) or callable(specs):
        specs = (specs,)
    return tuple(load(spec) for spec in specs)


def apply(ops: Iterable[Op], item: Item) -> Item | None:
    """The item after all ops, or None where one of them dropped it."""
    for op in ops:
        answer = op(item)
        if answer is None:
            return None
        item = answer
    return item


def _answered(frame: Frame, answer: Answer) -> Frame | None:
    if answer is None or answer is frame:
        return answer
    if isinstance(answer, Frame):
        return answer if answer.run else answer.replace(**_header(frame))
    if isinstance(answer, Mapping):
        return frame.replace(meta={**frame.meta, **answer})
    if isinstance(answer, np.ndarray):
        format = _format(frame, answer)
        return frame.replace(content=answer, format=format, wanted="", _data=None, _image=None)
    raise BadFrame(f"an op answers with an array, a frame, a dict or None, not {type(answer).__name__}")


def _header(frame: Frame) -> dict[str, Any]:
    names = ("run", "seq", "captured_ns", "captured_mono_ns", "clock", "missed")
    return {name: getattr(frame, name) for name in names} | {"stream": frame.stream}


def _format(frame: Frame, answer: np.ndarray[Any, Any]) -> str:
    """What the answer's pixels are: as those the op was given where that fits, guessed otherwise."""
    given = frame.wanted or preferred_format(frame.format)
    try:
        return guess_format(answer.shape, answer.dtype, frame.format if given == "native" else given)
    except BadFrame:
        return guess_format(answer.shape, answer.dtype, None)


def _takes_frame(function: Function) -> bool:
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):  # written in C, without a signature
        return False
    if not parameters:
        return False
    annotation = parameters[0].annotation
    named = annotation if isinstance(annotation, str) else getattr(annotation, "__name__", "")
    return parameters[0].name == "frame" or named.rpartition(".")[2] == "Frame"


def _built(name: str, kind: type, arguments: tuple[Any, ...], named: Mapping[str, Any]) -> Function:
    try:
        made = kind(*arguments, **named)
    except TypeError as error:
        raise OptionError(f"op {name} cannot be built: {error}") from error
    if not callable(made):
        raise OptionError(f"op {name} is a class without __call__(self, image): give it one, or name a function")
    function: Function = made
    return function


def _arguments(text: str) -> tuple[tuple[Any, ...], dict[str, Any]]:
    parts = [part.partition("=") for part in text.split(",") if part]
    positional = tuple(_value(key) for key, equals, _ in parts if not equals)
    return positional, {key: _value(value) for key, equals, value in parts if equals}


def _value(text: str) -> Any:
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text


def _module(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise OptionError(f"op module {name!r} cannot be imported: {error}") from error


def _file(place: str) -> ModuleType:
    path = Path(place)
    if not path.is_file():
        raise OptionError(f"op file {place} does not exist (looked in {Path.cwd()})")
    name = f"framebus_op_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise OptionError(f"op file {place} cannot be imported")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses and pickle look their module up there
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise OptionError(f"op file {place} failed while it was imported: {type(error).__name__}: {error}") from error
    return module
