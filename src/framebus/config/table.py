"""One table of a description: what stands in it by name, and what is wrong with that."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from framebus.config.document import Document
from framebus.config.toml_lines import Path
from framebus.core.errors import OptionError
from framebus.core.options import OPTIONS, check, nearest

FEW = 8
"""So many options are listed to whoever gave one that is like none of them."""
_ALIKE: Mapping[str | int, str] = {"streams": "pipe", "pipes": "pipe", "services": "serve", "web": "web"}
"""The commands that do alone what a table does, with the same options."""


class Table:
    """Values are taken by name; one that is not possible is refused, and taken as not given."""

    def __init__(self, document: Document, path: Path, values: Mapping[str, Any]) -> None:
        self.document = document
        self.path = path
        self.values = values

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def refuse(self, name: str, text: str) -> None:
        """Note what is wrong with `name`, or with the table where that is empty."""
        self.document.refuse((*self.path, name) if name else self.path, text)

    def refuse_value(self, name: str, allowed: str) -> None:
        """Note that its value is not possible."""
        self.refuse(name, f"= {self.values[name]!r} is not possible: give {allowed}")

    def text(self, name: str, allowed: str, *, required: bool = False) -> str | None:
        """A text; None where there is none."""
        value = self.values.get(name)
        if isinstance(value, os.PathLike):
            value = os.fspath(value)
        if isinstance(value, str) and value.strip():
            return value
        if name in self.values:
            self.refuse_value(name, allowed)
        elif required:
            self.refuse("", f"needs {name}: give {allowed}")
        return None

    def texts(self, name: str, allowed: str) -> list[str]:
        """A text or a list of them; empty where there is none."""
        value = self.values.get(name)
        found = [os.fspath(one) if isinstance(one, os.PathLike) else one for one in _listed(value)]
        if found and all(isinstance(one, str) and one.strip() for one in found):
            return found
        if name in self.values:
            self.refuse_value(name, allowed)
        else:
            self.refuse("", f"needs {name}: give {allowed}")
        return []

    def restart(self) -> Any:
        """The restart policy."""
        value = self.values.get("restart", "on-failure")
        if value in ("on-failure", "never"):
            return value
        self.refuse_value("restart", "'on-failure' or 'never'")
        return "on-failure"

    def options(self, own: Iterable[str], taken: Iterable[str] | None, where: str) -> dict[str, Any]:
        """Everything but its `own` words: options, checked by the one vocabulary, of those `taken` by `where`.

        `taken` is None where that is not known: then any option will do.
        """
        own = frozenset(own)
        known = frozenset(OPTIONS if taken is None else taken)
        given = {name: value for name, value in self.values.items() if name not in own}
        return {name: _plain(value) for name, value in given.items() if self._fits(name, value, known, own, where)}

    def _fits(self, name: str, value: Any, known: frozenset[str], own: frozenset[str], where: str) -> bool:
        if name not in known and name in OPTIONS:
            self.refuse(name, f"does not go with {where} ({OPTIONS[name].help}): leave it out")
        elif name not in known:
            self.refuse(name, f"is not known: {self._near(name, known | own)}")
        else:
            return self._possible(name, value)
        return False

    def _near(self, name: str, known: frozenset[str]) -> str:
        """What may have been meant, or all there is where that is few."""
        told = nearest(name, known)
        if told.startswith("there is") and len(known) > FEW:
            return f"framebus {_ALIKE[self.path[0]]} --help tells the options"
        return told

    def _possible(self, name: str, value: Any) -> bool:
        try:
            if name in OPTIONS:
                check(name, value)
            msgspec.json.encode(_plain(value))
        except OptionError:
            self.refuse_value(name, OPTIONS[name].instead_of(value))
        except TypeError:
            self.refuse_value(name, "text, a number, true or false, or a list of these")
        else:
            return True
        return False


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]


def _plain(value: Any) -> Any:
    """The same in JSON."""
    if isinstance(value, float) and value == math.inf:
        return "forever"
    if isinstance(value, tuple | set | frozenset):
        return list(value)
    return os.fspath(value) if isinstance(value, os.PathLike) else value
