"""Names of streams, groups and keys: one small alphabet, the same in addresses, headers, files and pages."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container

from framebus.core.errors import OptionError

MAX_LENGTH = 64
RULE = "a letter or digit, then letters, digits, '.', '_' or '-', 64 at most"

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)
_OTHER = re.compile(r"[^A-Za-z0-9._-]")
_DASHES = re.compile("-{2,}")
_SPELT = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss", "æ": "ae", "ø": "oe", "å": "aa"}
)
"""Letters that are more than a letter and its accent."""
_PLACEHOLDER = "{stream}"


def valid_name(name: str) -> bool:
    """True when `name` is a name: a letter or digit, then letters, digits, `.`, `_` or `-`, 64 at most."""
    return _NAME.fullmatch(name) is not None


def check_name(name: str, what: str = "name") -> str:
    """`name` itself; raises `OptionError` when it is none. `what` says whose name it is, e.g. `group`."""
    if isinstance(name, str) and valid_name(name):
        return name
    raise OptionError(f"{what} {name!r} is not a name ({RULE}){suggestion(name)}")


def valid_template(text: str) -> bool:
    """True for a name, and for a text that becomes one when `{stream}` is replaced by a stream's name."""
    return valid_name(text.replace(_PLACEHOLDER, "x"))


def fill_template(template: str, stream: str) -> str:
    """What a template such as `{stream}-seen` makes of `stream`; raises `OptionError` when it gets too long."""
    return check_name(template.replace(_PLACEHOLDER, stream), "stream")


def to_name(text: str, default: str = "stream") -> str:
    """Another system's text as a name: the part before `|`, other characters as `-`, cut to 64 characters.

    What a name cannot start with is left out; `default` is returned when nothing remains.
    """
    words = _OTHER.sub("-", text.partition("|")[0].strip())
    return words.lstrip("._-")[:MAX_LENGTH] or default


def unlike(name: str, taken: Container[str]) -> str:
    """`name`, or where that is taken the first of `name.2`, `name.3` … that is not."""
    free, number = name, 2
    while free in taken:
        behind = f".{number}"
        free, number = name[: MAX_LENGTH - len(behind)] + behind, number + 1
    return free


def valid_pattern(pattern: str) -> bool:
    """True for what `matches` takes: nothing, `*`, a name, or the beginning of a name followed by `*`."""
    stem = pattern.removesuffix("*")
    return stem == "" or valid_name(stem)


def matches(pattern: str, name: str) -> bool:
    """True when `pattern` (`door`, `yard-*`, or nothing or `*` for all) chooses the stream `name`."""
    if pattern.endswith("*"):
        return name.startswith(pattern[:-1])
    return pattern in ("", name)


def overlap(one: str, other: str) -> bool:
    """True when some stream is chosen by both patterns, neither of which is empty."""
    if one.endswith("*") and other.endswith("*"):
        return one.startswith(other[:-1]) or other.startswith(one[:-1])
    return matches(one, other) or matches(other, one)


def suggestion(text: object) -> str:
    """How `text` could be written as a name, as the end of a sentence; nothing where nothing of it could stay.

    Umlauts and accents as they are written without: `Hof Süd` becomes `Hof-Sued`.
    """
    if not isinstance(text, str):
        return ""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFC", text).translate(_SPELT))
    letters = "".join(letter for letter in plain if not unicodedata.combining(letter))
    near = _DASHES.sub("-", to_name(letters, "")).rstrip("-")
    return f"; {near!r} is one" if near else ""
