"""Settings files in YAML, as imagehub and imagenode have them: every value knows its line, so that errors name it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NoReturn

import msgspec

from framebus.core.errors import OptionError, Unavailable
from framebus.core.options import nearest

Parse = Callable[[Any], Any]
"""Value to value; raises `ValueError`, `TypeError`, `KeyError` or `AttributeError` for what it does not take."""

_NOT_TAKEN = (ValueError, TypeError, KeyError, AttributeError, OverflowError)
_POINTS = re.compile(r"[\s\d,()\[\].+-]*", re.ASCII)
_NUMBER = re.compile(r"[+-]?\d{1,9}", re.ASCII)
_NULL = "tag:yaml.org,2002:null"


def load(path: str) -> Section:
    """The settings in the file at `path`: one mapping.

    Only plain values are made (text, numbers, yes and no, dates, lists, mappings). Raises `Unavailable` where the file
    cannot be read or the extra is missing, and `OptionError` with the line where it is no YAML.
    """
    text = _text(path)
    yaml = _yaml()
    loader = None
    try:
        loader = yaml.SafeLoader(text)
        node = loader.get_single_node()
    except yaml.YAMLError as error:
        raise OptionError(f"{path}{_at(error)}: {_problem(error)}") from error
    finally:
        if loader is not None:
            loader.dispose()
    if not isinstance(node, yaml.MappingNode):
        raise OptionError(f"{path} holds no settings: write them as NAME: VALUE")
    return Section(path, "", node)


class Section:
    """One mapping of a settings file. Values are taken by name; one that is not possible is named with its line."""

    def __init__(self, file: str, where: str, node: Any) -> None:
        self._file = file
        self.where = where
        """Its name in the file, `cameras.P1`; empty for all of it."""
        self._line = _line(node)
        self._nodes: dict[str, Any] = {}
        self._lines: dict[str, int] = {}
        for key, value in _pairs(node):
            self._add(str(key.value), _line(key), value)

    def __contains__(self, name: str) -> bool:
        return name in self._nodes

    @property
    def names(self) -> list[str]:
        """The names in it, in order."""
        return list(self._nodes)

    def take(self, name: str, parse: Parse, default: Any, allowed: str) -> Any:
        """The value of `name`, parsed; `default` where it is not there or empty.

        `allowed` is the second half of a sentence that begins with "give".
        """
        value = self._value(name)
        if value is None:
            return default
        try:
            return parse(value)
        except _NOT_TAKEN:
            shown = "that" if isinstance(value, Section) else repr(value)
            self.refuse(name, f"{shown} is not possible: give {allowed}")

    def required(self, name: str, parse: Parse, allowed: str) -> Any:
        """The value of `name`; raises `OptionError` where it is missing."""
        if self._value(name) is None:
            self.refuse(name, f"is missing: give {allowed}")
        return self.take(name, parse, None, allowed)

    def section(self, name: str) -> Section | None:
        """The mapping under `name`; an empty one where nothing stands there, None where `name` is missing."""
        if name not in self._nodes:
            return None
        value = self._nodes[name]
        if not (_is_mapping(value) or value.tag == _NULL):
            self.refuse(name, "is not possible like this: write settings below it, indented, as NAME: VALUE")
        return Section(self._file, self._path(name), value)

    def sections(self) -> Iterator[tuple[str, Section]]:
        """Each name with the mapping under it."""
        for name in self.names:
            found = self.section(name)
            assert found is not None  # noqa: S101  (it is one of our names; tells the type checker)
            yield name, found

    def check_names(self, known: Sequence[str], idle: Mapping[str, str]) -> list[str]:
        """One note for each name in it that is `idle` here, each with the reason; raises for unknown names."""
        for name in self.names:
            if name not in known and name not in idle:
                self.refuse(name, f"is not known: {nearest(name, [*known, *idle])}")
        return [self.note(name, idle[name]) for name in self.names if name in idle]

    def note(self, name: str, text: str) -> str:
        """`text` about `name`, with file and line."""
        line = self._lines.get(name, self._line)
        return f"{self._file}, line {line}: {self._path(name)} {text}"

    def refuse(self, name: str, text: str) -> NoReturn:
        """Raise `OptionError` with what is wrong with `name`."""
        raise OptionError(self.note(name, text))

    def _value(self, name: str) -> Any:
        """What stands there as a plain value; a `Section` for a mapping, None for nothing."""
        node = self._nodes.get(name)
        if node is None:
            return None
        if _is_mapping(node):
            return Section(self._file, self._path(name), node)
        yaml = _yaml()
        try:
            return yaml.constructor.SafeConstructor().construct_document(node)
        except (yaml.YAMLError, ValueError, RecursionError):  # a date such as 2020-13-45, a list within itself
            self.refuse(name, "cannot be read: write text in quotes")

    def _add(self, name: str, line: int, node: Any) -> None:
        if name in self._nodes:
            first = self._lines[name]
            self._lines[name] = line
            self.refuse(name, f"is there twice, the first time in line {first}")
        self._nodes[name], self._lines[name] = node, line

    def _path(self, name: str) -> str:
        return f"{self.where}.{name}" if self.where else name


# what values are ---------------------------------------------------------------------------------------


def text(value: Any) -> str:
    """A text on one line, or a number written as one."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError
    if not (word := str(value).strip()) or not word.isprintable():
        raise ValueError
    return word


def whole(least: int, most: int) -> Callable[[Any], int]:
    """A whole number from `least` to `most`."""

    def parse(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise ValueError
        return value

    return parse


def numbers(count: int) -> Callable[[Any], tuple[int, ...]]:
    """Exactly `count` whole numbers, in lists or in the text `((1, 2), 3)`, which YAML has no tuples for."""

    def parse(value: Any) -> tuple[int, ...]:
        written = str(value)
        if _POINTS.fullmatch(written) is None:
            raise ValueError
        words = re.split(r"[\s,()\[\]]+", written.strip(" \t()[],"))
        if len(words) != count or not all(map(_NUMBER.fullmatch, words)):
            raise ValueError
        return tuple(map(int, words))

    return parse


def listing(settings: msgspec.Struct, indent: str = "") -> Iterator[str]:
    """One line for each setting, those of structures inside it indented below their name."""
    for name in settings.__struct_fields__:
        value = getattr(settings, name)
        inner = list(value) if isinstance(value, tuple) else [value]
        if inner and all(isinstance(item, msgspec.Struct) for item in inner):
            for item in inner:
                yield f"{indent}{name}:"
                yield from listing(item, f"{indent}  ")
        else:
            yield f"{indent}{name}: {_shown(value)}"


def _shown(value: Any) -> str:
    """As people would write it."""
    if value is None or value == ():
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_shown(one)}" for name, one in value.items())
    if isinstance(value, tuple):
        return ", ".join(map(_shown, value))
    return f"{value:g}" if isinstance(value, float) else str(value)


# how -----------------------------------------------------------------------------------------------------


def _text(path: str) -> str:
    try:
        with open(path, encoding="utf-8-sig") as file:
            return file.read()
    except OSError as error:
        raise Unavailable(f"{path} cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise OptionError(f"{path} is not text in UTF-8: {error.reason} at byte {error.start}") from error


def _yaml() -> Any:
    try:
        import yaml
    except ImportError as error:
        raise Unavailable("settings in YAML need the package pyyaml: pip install 'framebus[imagehub]'") from error
    return yaml


def _pairs(node: Any) -> Any:
    return node.value if _is_mapping(node) else []


def _is_mapping(node: Any) -> bool:
    return str(node.id) == "mapping"


def _line(node: Any) -> int:
    return int(node.start_mark.line) + 1


def _at(error: Any) -> str:
    mark = getattr(error, "problem_mark", None)
    return "" if mark is None else f", line {mark.line + 1}"


def _problem(error: Any) -> str:
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "cannot be read"
    context = getattr(error, "context", None)
    return f"{context}, {problem}" if context else str(problem)
