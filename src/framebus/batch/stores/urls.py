"""Paths of this machine and URLs of stores alike: what is a URL, what is below what. Pure but for `is_folder`."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable

from framebus.core.errors import OptionError
from framebus.core.redaction import redact

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://", re.ASCII)


def is_url(place: str) -> bool:
    """True for what is in a store, however it is reached."""
    return _URL.match(place) is not None


def is_folder(path: str) -> bool:
    """Whether there may be files below it: of a URL, whether it ends in a slash."""
    return path.endswith("/") if is_url(path) else os.path.isdir(path)


def absolute(path: str) -> str:
    """The same place, from wherever one looks."""
    return _canonical(path) if is_url(path) else os.path.abspath(path)


def parent(path: str) -> str:
    """The folder it is in; that of the first part of a URL (`s3://bucket`) is that part."""
    if not is_url(path):
        return os.path.dirname(path)
    head, rest = _divided(_canonical(path))
    return head + rest.rpartition("/")[0] if "/" in rest else head + rest


def below(path: str, base: str) -> str:
    """The path of something inside `base`, from there, with `/` between folders."""
    if is_url(path):
        return _canonical(path)[len(base) :].lstrip("/") or "."
    return os.path.relpath(path, base).replace(os.sep, "/")


def common(folders: Iterable[str]) -> str:
    """The deepest folder that all of them are in; raises `OptionError` where there is none."""
    found: str | None = None
    last = None
    for folder in folders:
        if folder != last:  # lists are mostly in order
            last = folder
            found = absolute(folder) if found is None else _shared(found, absolute(folder))
    return os.getcwd() if found is None else found


def shown(path: str) -> str:
    """The path as people may see it: without the credentials that a URL may hold."""
    return redact(path) if is_url(path) else path


def _shared(one: str, other: str) -> str:
    if not is_url(one) and not is_url(other):
        return os.path.commonpath([one, other])
    (head, path), (other_head, other_path) = _divided(one), _divided(other)
    parts = []
    for part, its in zip(path.split("/"), other_path.split("/"), strict=False):
        if part != its:
            break
        parts.append(part)
    if head != other_head or not parts:
        raise OptionError(f"{shown(one)} and {shown(other)} have nothing in common: give inputs of one store")
    return head + "/".join(parts)


def _divided(url: str) -> tuple[str, str]:
    """`s3://` and `bucket/…`; of a path of this machine, nothing and the path."""
    scheme, mark, rest = url.partition("://")
    return (scheme + mark, rest) if mark and is_url(url) else ("", url)


def _canonical(url: str) -> str:
    head, rest = _divided(url)
    return head.lower() + rest.rstrip("/")
