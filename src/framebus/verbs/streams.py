"""`fb.streams`: what is published on this machine."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
from msgspec import structs

from framebus.core.addresses import Link, parse
from framebus.core.contracts import SourceState
from framebus.core.errors import Error
from framebus.core.names import valid_name
from framebus.core.schemas import look_up
from framebus.core.statistics import FlowInfo, ReaderInfo, StreamInfo

ANSWER_S = 1.0
"""How long a publisher may take to answer before it is listed without figures."""
SILENT_S = 4.0
"""A flow that has told nothing for so long is said to be stalled."""


def streams() -> list[StreamInfo]:
    """The streams this user's programs publish on this machine, each with its readers, by address.

    Every publisher is asked itself; one that does not answer within a second (stopped, or busy for so long) is listed
    by what it registered, with no frames and no readers. Empty when nobody publishes.
    """
    from framebus.links import directory

    records = [record for record in directory.entries() if record.kind == "publisher"]
    if not records:
        return []
    with ThreadPoolExecutor(max_workers=min(16, len(records))) as asking:
        found = asking.map(_of_publisher, records)
    return sorted((info for infos in found for info in infos), key=lambda info: (info.address, info.name))


def flows() -> list[FlowInfo]:
    """The pipes and pages of this user on this machine that publish nothing: what they read, and where it goes.

    Each tells once a second how it is; one that has not for a while is shown as stalled.
    """
    from framebus.links import directory

    found = [_flow(record.flow, record.told) for record in directory.entries() if record.flow is not None]
    return sorted(found, key=lambda flow: (flow.reads, flow.into, flow.pid))


def _flow(flow: FlowInfo, told: float) -> FlowInfo:
    since_s = time.time() - told
    if since_s <= SILENT_S:
        return flow
    if flow.age_s is not None:
        flow = structs.replace(flow, age_s=flow.age_s + since_s)
    why = "its process tells nothing: it is stopped, very busy, or waits for where it writes to"
    silent = SourceState(state="stalled", why=why, since_ns=int(told * 1e9))
    return structs.replace(flow, rate=0.0, state=silent, states={})


def described(status: Mapping[str, Any], address: str, **facts: Any) -> list[StreamInfo]:
    """What a publisher answered to `observe`, as one record for each of its streams.

    `facts` (pid, command) go into each. Readers that chose none of a stream's siblings are not told apart: a reader
    of the publisher stands under every stream of it.
    """
    readers = [_reader(reader) for reader in status.get("readers", ())]
    return [
        StreamInfo(
            name=stream["name"],
            address=address,
            kind=_scheme(address),
            live=bool(status.get("live", True)),
            rate=float(stream.get("rate", 0.0)),
            age_s=stream.get("age_s"),
            frames=int(stream.get("frames", 0)),
            readers=readers,
            state=_state(stream.get("state")),
            **facts,
        )
        for stream in status.get("streams", ())
    ]


def _of_publisher(record: Any) -> Iterable[StreamInfo]:
    facts = {"pid": record.pid, "command": record.command}
    try:
        answered = described(_status(record.address, record.local), record.address, **facts)
    except Error:
        answered = []
    if answered:
        return answered
    kind = _scheme(record.address)
    return [StreamInfo(name=name, address=record.address, kind=kind, **facts) for name in record.streams]


def _status(address: str, local: str) -> Mapping[str, Any]:
    from framebus.links.link import observe

    link = parse(address)
    if not isinstance(link, Link):
        return {}
    return observe(link, ANSWER_S, local)


look_up(SourceState)


def _state(told: object) -> SourceState | None:
    """How a stream's camera is; None where the publisher does not say, or not in these words."""
    try:
        return msgspec.convert(told, SourceState | None)
    except msgspec.ValidationError:
        return None


def _reader(reader: Mapping[str, Any]) -> ReaderInfo:
    group = reader.get("group", "")
    who = reader.get("command") or reader.get("hostname") or reader.get("address") or "somebody"
    pid = f" ({reader['pid']})" if reader.get("pid") else ""
    return ReaderInfo(
        name=group if valid_name(group) else f"{who}{pid}",  # an anonymous group is named by a session's number
        pid=int(reader.get("pid", 0)),
        command=reader.get("command", ""),
        keep=reader.get("keep", "latest"),
        missed=int(reader.get("missed", 0)),
        owed=int(reader.get("owed", 0)),
        credit=int(reader.get("credit", 0)),
        leases=int(reader.get("leases", 0)),
        away=bool(reader.get("away", False)),
    )


def _scheme(address: str) -> str:
    return address.partition("://")[0].rpartition("+")[2]
