"""`[streams]`: names of cameras, files and whatever else makes frames."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from framebus.config.document import Document
from framebus.config.ends import address_in, sink_takes, source_takes
from framebus.config.table import Table
from framebus.core.addresses import Link
from framebus.core.errors import Error
from framebus.graph.plans import Capture, Plan, Stream
from framebus.verbs.pipe import MOVING

KEY = "streams"
OWN = ("source",)
ALLOWED = "an address in quotes, such as 'rtsp://cam.local/main' or 'camera:0', or { source = …, and options }"
_NOT_HERE = frozenset({"stream"})


def capture_plan(document: Document, tables: Mapping[str, Any]) -> Plan | None:
    """The process that captures all of `tables`; None where there is none, or nothing of it can be."""
    streams = {name: stream for name in tables if (stream := _stream(document, name, tables[name])) is not None}
    return Plan(key=KEY, work=Capture(streams)) if streams else None


def _stream(document: Document, name: str, value: Any) -> Stream | None:
    path = (KEY, name)
    if not isinstance(value, Mapping):
        table = Table(document, (KEY,), {name: value})
        source = table.text(name, ALLOWED)
        return None if source is None else _checked(Table(document, path, {"source": source}), source, at=path)
    table = Table(document, path, value)
    source = table.text("source", ALLOWED, required=True)
    return _checked(table, source, at=(*path, "source"))


def _checked(table: Table, source: str | None, at: tuple[str, ...]) -> Stream | None:
    taken = None
    if source is not None:
        try:
            address = address_in(table.document.folder, source, "reader")
            folder, sink = table.document.folder, Link("shm", streams=str(table.path[-1]))
            taken = (source_takes(address, folder) | sink_takes(sink, folder) | MOVING) - _NOT_HERE
        except Error as error:
            table.document.refuse(at, f"= {source!r}: {error}")
    options = table.options(OWN, taken, f"{source} as a stream")
    return None if source is None else Stream(source=source, options=options)
