"""What the names in a description mean: streams that it makes, services it runs, and who reads whom."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from framebus.config.ends import address_in, made_names, source_takes
from framebus.core.addresses import Link, parse
from framebus.core.errors import AddressError, Error
from framebus.core.names import matches, valid_name, valid_pattern
from framebus.core.options import nearest


class Names:
    """The streams and services of one file."""

    def __init__(
        self, streams: Iterable[str], pipes: Mapping[str, Mapping[str, Any]], services: Mapping[str, str], folder: str
    ) -> None:
        self.streams = tuple(streams)
        self.services = services
        """Addresses by name."""
        self._folder = folder
        self._made = {name: _made(name, table, self.streams) for name, table in pipes.items()}
        self._unforeseen = [text for table in pipes.values() if (text := _unforeseen(table, self.streams))]

    @property
    def made(self) -> frozenset[str]:
        """All streams that processes of this file publish in shared memory."""
        return frozenset(self.streams).union(*self._made.values())

    @property
    def published(self) -> list[str]:
        """Where all streams of this file are read, in its order; those that others name by how they begin."""
        made = (name for pipe in self._made.values() for name in sorted(pipe))
        return list(dict.fromkeys((*(f"shm://{name}" for name in (*self.streams, *made)), *self._unforeseen)))

    def resolved(self, text: str) -> list[str]:
        """The addresses meant by one `source`. Raises `AddressError` that goes on after the text."""
        if text in self.made:
            return [f"shm://{text}"]
        if text in self.services:
            raise AddressError("is a service, which makes no frames: name it in gather")
        if text.endswith("*") and valid_pattern(text):
            return self._chosen(text)
        try:
            address_in(self._folder, text, "reader")
        except Error as error:
            raise AddressError(self._refusal(text, error)) from None
        return [text]

    def takes(self, address: str) -> frozenset[str]:
        """The options of a resolved source. Raises `AddressError` like `resolved`."""
        try:
            return source_takes(address_in(self._folder, address, "reader"), self._folder)
        except Error as error:
            raise AddressError(f"is not possible: {error}") from None

    def made_by(self, pipe: str) -> frozenset[str]:
        """The streams that this pipe publishes in shared memory."""
        return self._made[pipe]

    def readers(self, sources: Mapping[str, Sequence[str]]) -> Mapping[str, tuple[str, ...]]:
        """For each pipe (with its resolved sources), the pipes whose frames it reads."""
        return {
            name: tuple(other for other, made in self._made.items() if _reads(addresses, made))
            for name, addresses in sources.items()
        }

    def _chosen(self, pattern: str) -> list[str]:
        found = [f"shm://{name}" for name in self.streams if matches(pattern, name)]
        if found:
            return found
        there = f"there is {', '.join(self.streams)}" if self.streams else "there is none"
        raise AddressError(f"fits no stream of [streams]: {there}")

    def _refusal(self, text: str, error: Error) -> str:
        if valid_name(text):
            return f"is no stream of this file, and there is no such file: {nearest(text, self.made)}"
        return f"is not possible: {error}"


def depths(readers: Mapping[str, Sequence[str]]) -> tuple[dict[str, int], list[str]]:
    """How many pipes stand before each, and the pipes that read what they make themselves."""
    found: dict[str, int] = {}
    circles: list[str] = []

    def depth(name: str, way: tuple[str, ...]) -> int:
        if name in way:
            circles.append(name)
            return 0
        if name not in found:
            found[name] = max((1 + depth(other, (*way, name)) for other in readers.get(name, ())), default=0)
        return found[name]

    for name in readers:
        depth(name, ())
    return found, list(dict.fromkeys(circles))


def _made(name: str, table: Mapping[str, Any], streams: Sequence[str]) -> frozenset[str]:
    """What one pipe publishes in shared memory."""
    try:
        sink = parse(str(table.get("sink", f"shm://{name}")))
    except Error:
        return frozenset()
    chosen = [stream for stream in streams if any(_chooses(text, stream) for text in _texts(table))]
    return made_names(sink, chosen)


def _unforeseen(table: Mapping[str, Any], streams: Sequence[str]) -> str:
    """Where the streams of this pipe are read whose names only show when they come; empty where none do."""
    try:
        sink = parse(str(table.get("sink", "null:")))
    except Error:
        return ""
    foreseen = all(any(_chooses(text, stream) for stream in streams) for text in _texts(table))
    if foreseen or not isinstance(sink, Link) or sink.scheme != "shm" or (sink.streams and "{" not in sink.streams):
        return ""
    beginning = sink.streams.partition("{")[0]
    return f"shm://{beginning}*" if beginning else "shm://"


def _texts(table: Mapping[str, Any]) -> Sequence[Any]:
    source = table.get("source", ())
    return source if isinstance(source, list | tuple) else (source,)


def _chooses(text: object, stream: str) -> bool:
    """Whether this source is that stream, or one of several."""
    if not isinstance(text, str):
        return False
    return text in (stream, f"shm://{stream}") or (text.endswith("*") and valid_pattern(text) and matches(text, stream))


def _reads(addresses: Sequence[str], made: frozenset[str]) -> bool:
    links = [link for text in addresses if isinstance(link := _parsed(text), Link) and link.scheme == "shm"]
    return any(matches(link.streams, name) for link in links for name in made)


def _parsed(text: str) -> object:
    try:
        return parse(text)
    except Error:
        return None
