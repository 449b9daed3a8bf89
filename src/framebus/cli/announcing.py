"""What `framebus pipe` says when it starts and when it is done."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from framebus.cli.figures import age, count, rate, size, span
from framebus.core.addresses import Link, parse

if TYPE_CHECKING:
    from framebus.core.contracts import Item
    from framebus.core.source import Source
    from framebus.verbs.flow import Flow, Progress


def announcement(flow: Flow, places: Sequence[str], sink: str, stream: str | None = None) -> Iterator[str]:
    """One line for each end that others need to know about; the whole way where none does.

    `stream` is the name given to what is sent, if one was.
    """
    name = stream or str(getattr(flow.source, "name", ""))
    lines = [line for line in (_hub(flow.source), _stage(flow, sink, name)) if line]
    return iter(lines or [f"{', '.join(places)} → {sink}"])


def working(options: Mapping[str, Any]) -> str:
    """Who does what to the frames, where others than this process do."""
    parts: list[str] = []
    if services := options.get("gather"):
        parts.append(f"asking {', '.join(services)}")
    if workers := options.get("workers"):
        ops = ", ".join(str(op) for op in options.get("ops", ()))
        parts.append(f"{ops} by {count(workers, 'worker')}")
    return " · ".join(parts)


def status(progress: Progress) -> str:
    """The line that is redrawn: rate, age of the newest frame (live ones), what was missed, who reads."""
    parts = [
        rate(progress.rate),
        "" if progress.age_s is None else f"newest {age(progress.age_s)} old",
        f"{progress.missed:,} missed",
        count(progress.frames, "frame"),
    ]
    if progress.readers:
        away = sum(reader.away for reader in progress.readers)
        parts.append(count(len(progress.readers), "reader") + (f" ({away} away)" if away else ""))
    if owed := sum(reader.owed for reader in progress.readers):
        parts.append(f"{owed:,} owed")
    if progress.failed:
        parts.append(f"{progress.failed:,} failed")
    if progress.unseen:
        parts.append(f"{progress.unseen:,} unseen")
    return " · ".join(filter(None, parts))


def summary(progress: Progress, *, finished: bool) -> str:
    """The figures at the end."""
    mean = f" ({rate(progress.frames / progress.elapsed_s)})" if progress.frames and progress.elapsed_s > 0 else ""
    parts = [
        f"{count(progress.frames, 'frame')} in {span(progress.elapsed_s)}{mean}",
        size(progress.bytes),
        f"{progress.missed:,} missed" if progress.missed else "none missed",
    ]
    if progress.written != progress.frames:
        parts.append(f"{progress.written:,} passed on")
    if progress.repeated:
        hint = ", nothing was written: --overwrite begins anew" if progress.repeated == progress.written else ""
        parts.append(f"{progress.repeated:,} there already{hint}")
    if progress.failed:
        parts.append(f"{progress.failed:,} failed")
    if progress.unseen:
        parts.append(f"{progress.unseen:,} sent while nobody read")
    if not finished and progress.in_flight:
        parts.append(f"{progress.in_flight:,} not arrived")
    return " · ".join(parts)


def _hub(source: Source[Item]) -> str:
    where = str(getattr(source, "where", ""))
    if not where or not getattr(source, "listens", False):
        return ""
    return f"listening on {where} · send: framebus pipe SOURCE {reachable(where)}/NAME"


def _stage(flow: Flow, sink: str, name: str) -> str:
    from framebus.verbs.relay import Relay

    where = str(getattr(flow.sink, "where", ""))
    if not where:
        return ""
    place = _with_stream(where, sink, name)
    if not getattr(flow.sink, "listens", True):
        return f"sending to {place}"
    doing = "relaying to" if isinstance(flow.sink, Relay) else "listening on"  # a relay listens once frames come
    return f"{doing} {place} · watch: framebus web {_readable(reachable(place))}"


def _with_stream(where: str, sink: str, name: str) -> str:
    """The address readers use: with the stream's name, where one is known."""
    link = parse(where)
    asked = parse(sink)
    streams = asked.streams if isinstance(asked, Link) else ""
    if not isinstance(link, Link) or link.streams or "{" in streams + name or not (streams or name):
        return where
    return str(Link(link.scheme, link.dialect, link.peers, link.path, streams or name))


def _readable(place: str) -> str:
    """The same address as a reader writes it, who cannot use a template: the names that begin like it, or all."""
    link = parse(place)
    if not isinstance(link, Link) or "{" not in link.streams:
        return place
    beginning = link.streams.partition("{")[0]
    return str(msgspec.structs.replace(link, streams=f"{beginning}*" if beginning else ""))


def reachable(where: str) -> str:
    """The same address as others write it: by this machine's name instead of "all networks"."""
    return re.sub(r"(?<=//)(?:\*|0\.0\.0\.0|\[::\])?(?=:)", socket.gethostname(), where, count=1)
