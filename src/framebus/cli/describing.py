"""What a link, a file or a folder is, as plain data, as text and as one line for each frame."""

from __future__ import annotations

import itertools
import json
import os
import time
from collections.abc import Mapping, Sized
from contextlib import suppress
from fnmatch import fnmatchcase
from typing import Any

import msgspec

from framebus.cli import figures, tables
from framebus.core.addresses import Link, network_wide
from framebus.core.contracts import Item, Maker, Reporting, SourceState
from framebus.core.errors import Timeout
from framebus.core.frame import NO_META, Frame
from framebus.core.item_header import header
from framebus.core.redaction import redact
from framebus.core.statistics import StreamInfo
from framebus.verbs.accepted_options import chosen
from framebus.verbs.opened import MadeSource
from framebus.verbs.resolving import address_of, maker_factory, written_as_link
from framebus.verbs.streams import described, streams

FIRST_FRAMES = 5
"""How many frames of a file are looked at."""
MAX_LOSSES = 1000
"""So many losses in a folder of pictures are listed, the first; all are counted."""

_KEPT = ("retained_bytes", "spooled_frames", "spooled_bytes", "spool_needed_bytes")


def describe(place: str, timeout_s: float, options: Mapping[str, Any] = NO_META) -> dict[str, Any]:
    """What is at `place`; raises `Timeout` where no publisher answers, and what opening a file or camera raises.

    Of `options`, a camera or file is opened with those it takes.
    """
    address = address_of(place)
    if written_as_link(address):
        return _link(address, timeout_s)
    factory = maker_factory(address)
    facts = _made(factory(address, **chosen(options, factory)), str(address), timeout_s)
    return {"address": redact(place), "kind": "file" if os.path.isfile(place) else "source"} | facts


def text(facts: Mapping[str, Any], width: int | None = None) -> str:
    """For people; with `width`, command lines are shortened to fit."""
    if facts["kind"] != "link":
        return _file_text(facts)
    found = [msgspec.convert(stream, StreamInfo) for stream in facts["streams"]]
    lines = [f"{facts['address']} · readers get {'the newest frame' if facts['live'] else 'every frame'}"]
    if not found:
        lines.append("nothing has been sent yet" + ("" if facts["live"] else ": it waits for its first reader"))
    lines += tables.of_streams(found, width)
    if facts.get("spooled_frames"):
        lines += ["", f"{facts['spooled_frames']:,} frames owed are on disk ({figures.size(facts['spooled_bytes'])})"]
    if facts.get("spool_needed_bytes"):
        lines.append(f"some had to be given up; spool_size={facts['spool_needed_bytes']} would have held them")
    return "\n".join(lines)


def header_line(item: Item, *, live: bool) -> str:
    """One frame's header in one line; how old it is where the source is `live`."""
    parts = [
        f"{item.stream} {item.seq:08d}",
        _pixels(item),
        figures.size(item.nbytes),
    ]
    if live:
        parts.append(f"{figures.age(item.age_s)} old")
    if item.missed:
        parts.append(f"{item.missed:,} missed before")
    if item.meta:
        parts.append(json.dumps(dict(item.meta), ensure_ascii=False))
    return redact(" · ".join(parts))


def header_json(item: Item) -> str:
    """One frame's header as one line of JSON, under the names it has in Python."""
    facts = header(item) | {"meta": dict(item.meta)}
    facts |= {"arrays": sorted(item.arrays)} if isinstance(item, Frame) else {"pts": item.pts, "dts": item.dts}
    return json.dumps(facts, ensure_ascii=False)


def _link(address: Link, timeout_s: float) -> dict[str, Any]:
    from framebus.links.link import observe

    if address.scheme == "shm" and (not address.streams or address.streams.endswith("*")):
        return _flock(address)
    asked = _reachable(address)
    try:
        status = observe(asked, timeout_s)
    except Timeout:
        raise Timeout(
            f"nobody publishes at {asked}, or no longer: no answer within {timeout_s:g} s; "
            "framebus list shows what runs here"
        ) from None
    chosen = [info for info in described(status, str(asked)) if fnmatchcase(info.name, address.streams or "*")]
    return {
        "address": str(asked),
        "kind": "link",
        "live": bool(status.get("live", True)),
        "unseen": status.get("unseen", 0),
        **{name: status.get(name, 0) for name in _KEPT},
        "streams": msgspec.to_builtins(chosen),
    }


def _flock(address: Link) -> dict[str, Any]:
    """All who publish fitting streams in shared memory now."""
    found = [info for info in streams() if info.kind == "shm" and fnmatchcase(info.name, address.streams or "*")]
    if not found:
        raise Timeout(f"nobody publishes at {address} now; framebus list shows what runs here")
    return {
        "address": str(address),
        "kind": "link",
        "live": any(info.live for info in found),
        "streams": msgspec.to_builtins(found),
    }


def _reachable(address: Link) -> Link:
    """The address to ask at: this machine, where all networks are meant."""
    peers = tuple(
        msgspec.structs.replace(peer, host="127.0.0.1") if network_wide(peer.host) else peer for peer in address.peers
    )
    return msgspec.structs.replace(address, peers=peers)


def _made(maker: Maker, place: str, timeout_s: float) -> dict[str, Any]:
    """What the first frames of a file, a folder or a camera tell."""
    try:
        frames = _first(maker, timeout_s)
        facts: dict[str, Any] = {"stream": maker.name, "live": maker.live}
        if frames:
            facts["picture"] = _pixels(frames[0])
        if isinstance(maker, Sized):
            facts["frames"] = len(maker)
        elif len(frames) > 1 and (fps := _fps(frames)) is not None:
            facts["fps"] = fps
        if losses := getattr(maker, "losses", None):
            facts["lost"] = sum(losses.values())
            facts["losses"] = [{"before": path, "frames": frames} for path, frames in losses.items()][:MAX_LOSSES]
        if isinstance(maker, Reporting):
            facts["state"] = msgspec.to_builtins(maker.state)
        return facts | _on_disk(place)
    finally:
        maker.close()


def _first(maker: Maker, timeout_s: float) -> list[Item]:
    """The first frames; of a camera, which may be away, those that come in time."""
    if not isinstance(maker, Reporting):
        return list(itertools.islice(iter(maker), FIRST_FRAMES))
    frames: list[Item] = []
    until = time.monotonic() + timeout_s
    with MadeSource(maker, keep="all") as source, suppress(Timeout):
        while len(frames) < FIRST_FRAMES and (item := source.take(max(0.0, until - time.monotonic()))) is not None:
            frames.append(item)
    return frames


def _fps(frames: list[Item]) -> float | None:
    seconds = (frames[-1].captured_ns - frames[0].captured_ns) * 1e-9
    return round((len(frames) - 1) / seconds, 2) if seconds > 0 else None


def _on_disk(place: str) -> dict[str, Any]:
    return {"bytes": os.path.getsize(place)} if os.path.isfile(place) else {}


def _pixels(item: Item) -> str:
    if not isinstance(item, Frame):
        return f"{item.codec} {'key' if item.key else 'delta'} packet"
    height, width = (*item.shape, 1)[:2]
    if item.format == "i420":
        height = height * 2 // 3
    size = f"{width}x{height}" if item.format != "array" else "x".join(map(str, item.shape))
    encoding = getattr(item.content, "encoding", "")
    return " ".join(filter(None, (size, item.format, str(item.dtype), encoding)))


def _file_text(facts: Mapping[str, Any]) -> str:
    lines = [str(facts["address"])]
    shown = {
        "stream": facts["stream"],
        "picture": facts.get("picture", "none"),
        "rate": f"{facts['fps']:g} frames per second" if "fps" in facts else "",
        "frames": f"{facts['frames']:,}" if "frames" in facts else "",
        "lost": _lost(facts) if "lost" in facts else "",
        "on disk": figures.size(facts["bytes"]) if "bytes" in facts else "",
        "delivery": "live: the newest frame matters" if facts["live"] else "finite: every frame",
        "camera": _camera(facts["state"]) if "state" in facts else "",
    }
    return "\n".join(lines + [f"  {name:<9} {value}" for name, value in shown.items() if value])


def _lost(facts: Mapping[str, Any]) -> str:
    first = facts["losses"][0]
    return f"{figures.count(facts['lost'], 'frame')}, the first {first['frames']:,} before {first['before']}"


def _camera(facts: Mapping[str, Any]) -> str:
    state = msgspec.convert(facts, SourceState)
    return tables.trouble(state) if state.why else state.state
