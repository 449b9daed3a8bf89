"""Objects of a store by their URLs, through fsspec and whatever package it needs for that kind of store.

Every function may be used from any thread. What stores say of an object is taken to be true at that moment: nothing is
kept, but the connections are.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from datetime import UTC, datetime
from typing import Any, NamedTuple

from framebus.batch.stores.blame import Doing, attempted, cause_of, explained
from framebus.core.errors import AddressError, Error, Unavailable
from framebus.core.redaction import redact
from framebus.sinks.place import PARTIAL

SECOND_NS = 1_000_000_000

_WHOLE = frozenset({"s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "adl", "oss", "oci", "obs", "memory"})
"""Stores in which an object is there when all of it is; elsewhere it gets a partial name first."""
_OPTIONS = {scheme: {"max_concurrency": 1} for scheme in ("s3", "s3a")}
"""S3: an object is asked for at once, instead of how large it is first."""
_WRITTEN = ("LastModified", "last_modified", "mtime", "modified", "updated", "created")
"""What different packages call the time of an object."""


class Entry(NamedTuple):
    """What is in a store."""

    url: str
    """Of a folder without a slash at its end."""
    folder: bool
    written_ns: int = 0
    """When, by the clock of the store, which may only tell seconds; 0 where it does not tell at all."""


def listed(folder: str) -> list[Entry]:
    """What is directly in a folder, in no order; nothing in one that is not there. Raises `Unavailable`."""
    with _saying(folder):
        store, path = _opened(folder)
        try:
            found = attempted(lambda: store.ls(path, detail=True))
        except FileNotFoundError as error:
            if cause_of(error) == "bucket":
                raise
            return []
        entries = [_entry(folder, path, each) for each in found]
        return [entry for entry in entries if entry.url != folder.rstrip("/")]


def matching(pattern: str) -> list[Entry]:
    """What a glob stands for, sorted."""
    with _saying(pattern):
        store, path = _opened(pattern)
        found: Mapping[str, Any] = attempted(lambda: store.glob(path, detail=True))
        return sorted(_entry(pattern, path, each) for each in found.values())


def entry(url: str) -> Entry | None:
    """What is there; None where nothing is. Raises `Unavailable`."""
    with _saying(url):
        store, path = _opened(url)
        try:
            return _entry(url, path, attempted(lambda: store.info(path)))
        except FileNotFoundError as error:
            if cause_of(error) == "bucket":
                raise
            return None


def read(url: str) -> bytes:
    """All of an object; raises `BadFrame` for what concerns it alone, and `Unavailable`."""
    with _saying(url, "read"):
        store, path = _opened(url)
        data: bytes = attempted(lambda: store.cat_file(path))
        return data


def write(url: str, data: bytes | memoryview) -> None:
    """Make an object, or replace it: whole or not at all. Raises `BadFrame` for its name alone, and `Unavailable`."""
    with _saying(url, "write"):
        store, path = _opened(url)
        whole = bytes(data)
        if appears_whole(url):
            attempted(lambda: store.pipe_file(path, whole))
        else:
            _by_way_of(store, path, whole)


def remove(url: str) -> None:
    """Take an object away, or a folder with all in it, where it is there and that is allowed."""
    with suppress(Error), _saying(url, "write"):
        store, path = _opened(url)
        attempted(lambda: store.rm(path, recursive=True))


def appears_whole(url: str) -> bool:
    """Whether objects of that kind of store are there when all of them is, so that none is ever half-written."""
    return url.partition("://")[0].lower() in _WHOLE


def wait_within(context: Callable[[], AbstractContextManager[None]]) -> None:
    """From now on, enter that in this process while a store is waited for, whose own patience is what counts then."""
    _waiting.append(context)


_waiting: list[Callable[[], AbstractContextManager[None]]] = [nullcontext]


def let_go() -> None:
    """Close the connections of this process that nobody uses any more."""
    while _used:
        _used.pop().clear_instance_cache()


_used: set[Any] = set()
"""Kinds of stores that were opened here."""


def _opened(url: str) -> tuple[Any, str]:
    """The store, and what it calls the place."""
    scheme = url.partition("://")[0]
    try:
        from fsspec.core import url_to_fs

        store, path = url_to_fs(url, use_listings_cache=False, **_OPTIONS.get(scheme.lower(), {}))
    except ImportError as error:
        extra = ": pip install 'framebus[s3]'" if scheme.lower() in _OPTIONS else ""
        raise Unavailable(f"{scheme}:// needs one package more ({error}){extra}") from error
    except ValueError as error:
        raise AddressError(f"{redact(url)}: {redact(str(error))}; there is s3://, gs:// and the like") from error
    _used.add(type(store))
    return store, path


def _by_way_of(store: Any, path: str, data: bytes) -> None:
    """Where half an object can be seen: written under another name, then renamed."""
    folder, _, name = path.rpartition("/")
    partial = f"{folder}/.{name}.{secrets.token_hex(4)}{PARTIAL}"
    store.makedirs(folder, exist_ok=True)
    try:
        attempted(lambda: store.pipe_file(partial, data))
        store.mv(partial, path)
    except BaseException:
        with suppress(Exception):
            store.rm_file(partial)
        raise


def _entry(url: str, path: str, told: Mapping[str, Any]) -> Entry:
    """As the store tells it; `url` is what was asked for, and `path` what the store calls that."""
    name = str(told["name"]).rstrip("/")
    return Entry(_url_of(name, url, path), told.get("type") == "directory", _written_ns(told))


def _url_of(name: str, url: str, path: str) -> str:
    """The URL of what the store calls `name`: what is before the store's own names stays as it was written."""
    url, path, name = url.rstrip("/"), path.strip("/"), name.lstrip("/")
    if not url.endswith(path):  # a bucket that is written with more than its name
        path, name = path.partition("/")[2], name.partition("/")[2]
    head = url.removesuffix(path)
    return f"{head}{name}" if head.endswith("/") else f"{head}/{name}"


def _written_ns(told: Mapping[str, Any]) -> int:
    moment = next((told[key] for key in _WRITTEN if told.get(key)), 0)
    if isinstance(moment, str):
        with suppress(ValueError):
            moment = datetime.fromisoformat(moment)
    if isinstance(moment, datetime):
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return int(aware.timestamp()) * SECOND_NS
    return int(moment) * SECOND_NS if isinstance(moment, int | float) else 0


@contextmanager
def _saying(url: str, doing: Doing = "look") -> Iterator[None]:
    """Turn what other packages raise into our errors, and wait within what this process said."""
    try:
        with _waiting[-1]():
            yield
    except Error:
        raise
    except Exception as error:
        raise explained(error, url, doing) from error
