"""One name, one publisher; one port, one listener."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from framebus.config.document import Document
from framebus.config.references import Names
from framebus.config.toml_lines import Path
from framebus.config.web import KEY as WEB
from framebus.config.web import port_of
from framebus.core.addresses import Link, listens, parse
from framebus.core.errors import Error


def refuse_claimed_twice(document: Document, names: Names, piped: Mapping[str, Mapping[str, Any]]) -> None:
    """Note streams that two tables would publish, and ports at which two would listen."""
    first: dict[str, Path] = {}
    for claim, path in (*_claims(names, piped), *_of_page(document.values.get(WEB))):
        if claim in first:
            other = ".".join(map(str, first[claim]))
            document.refuse(path, f"would have {claim}, as {other} has already: give one of them another")
        first.setdefault(claim, path)


def _claims(names: Names, piped: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, Path]]:
    for name in names.streams:
        yield f"shm://{name}", ("streams", name)
    for name, address in names.services.items():
        yield from _listening(address, ("services", name), None)
    for name in piped:
        for stream in sorted(names.made_by(name)):
            yield f"shm://{stream}", ("pipes", name)
    for name, table in piped.items():
        if isinstance(sink := table.get("sink"), str) and not sink.startswith("shm:"):
            yield from _listening(sink, ("pipes", name), table.get("listen"))


def _of_page(table: Any) -> Iterator[tuple[str, Path]]:
    if isinstance(table, Mapping) and (port := port_of(table)):
        yield f"port {port}", (WEB,)


def _listening(text: str, path: Path, listen: Any) -> Iterator[tuple[str, Path]]:
    """What this writer (or service) would have for itself."""
    try:
        link = parse(text)
        if isinstance(link, Link) and listens(link, "writer", listen if isinstance(listen, bool) else None):
            if link.scheme == "tcp" and link.peers[0].port:
                yield f"port {link.peers[0].port}", path
            elif link.scheme != "tcp":
                yield f"{link.scheme}://{link.path or link.streams}", path
    except Error:
        return  # said elsewhere
