"""File names with placeholders, `recordings/{stream}/{date}/{time}.mp4`: taken apart, filled, recognised. Pure."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterable, Mapping

from framebus.core.addresses import PLACEHOLDERS
from framebus.core.errors import AddressError
from framebus.core.options import nearest

_IN_BRACES = re.compile(r"\{([^{}]*)\}")
_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
_LOOKS = {
    "stream": _NAME,
    "name": _NAME,
    "date": r"\d{4}-\d\d-\d\d",
    "time": r"\d\d-\d\d-\d\d",
    "seq": r"\d{8,}",
}


def divided(text: str) -> tuple[str, str]:
    """The folder before the first placeholder, and the rest with `/` between folders."""
    parts = text.replace(os.sep, "/").split("/")
    first = next((index for index, part in enumerate(parts) if "{" in part or "}" in part), len(parts) - 1)
    root = "/".join(parts[:first]) or ("/" if text.startswith("/") else ".")
    return root, "/".join(part for part in parts[first:] if part)


def used(pattern: str) -> list[str]:
    """The words in braces."""
    return _IN_BRACES.findall(pattern)


def check_known(text: str, word: str, words: Iterable[str]) -> None:
    """Raise `AddressError` for a word in the braces of `text` that nobody knows, naming the nearest of `words`."""
    if word not in PLACEHOLDERS:
        raise AddressError(f"{text}: nothing is called {{{word}}}: {nearest(word, words)}")


def stray_brace(pattern: str) -> bool:
    """True where a brace belongs to no placeholder."""
    return bool(set("{}") & set(_IN_BRACES.sub("", pattern)))


def check_folders(text: str, pattern: str) -> None:
    """Raise `AddressError` where the names would lead elsewhere."""
    if {".", ".."} & set(pattern.split("/")):
        raise AddressError(f"{text}: '.' and '..' may only come before the first placeholder")


def moment(captured_ns: int) -> dict[str, str]:
    """What `{date}` and `{time}` are for a capture then (UTC nanoseconds): local time."""
    taken = time.localtime(captured_ns // 10**9)
    return {"date": time.strftime("%Y-%m-%d", taken), "time": time.strftime("%H-%M-%S", taken)}


def filled(pattern: str, values: Mapping[str, str]) -> str:
    """The name with `values` in the places of their words."""
    return _IN_BRACES.sub(lambda found: values[found[1]], pattern)


def regex(stem: str) -> str:
    """A regular expression for the names that `stem` becomes, with a group for each word; a word has one value."""
    seen: set[str] = set()
    text = ""
    for index, part in enumerate(_IN_BRACES.split(stem)):
        text += re.escape(part) if index % 2 == 0 else _group(part, seen)
    return text


def _group(word: str, seen: set[str]) -> str:
    if word in seen:
        return f"(?P={word})"
    seen.add(word)
    return f"(?P<{word}>{_LOOKS[word]})"
