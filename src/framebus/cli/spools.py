"""What waits in a publisher's spool, for `framebus info` and `doctor`: as plain data, and as text."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import msgspec

from framebus.cli import figures
from framebus.core.redaction import redact
from framebus.links.spool.looking import Spooled, Waiting, look


def facts(folder: str) -> dict[str, Any]:
    """What is in the spool `folder`, JSON-able."""
    return {"address": redact(folder), "kind": "spool", **msgspec.to_builtins(look(folder))}


def text(found: Mapping[str, Any]) -> str:
    """The same for people."""
    spooled = msgspec.convert(found, Spooled)
    lines = [f"{found['address']} · a spool: frames that wait for readers · {figures.size(spooled.nbytes)}"]
    if spooled.streams:
        head = ("STREAM", "FRAMES", "PIXELS", "OLDEST")
        lines += figures.columns(head, [_row(waiting) for waiting in spooled.streams], frozenset({1, 2, 3}))
    lines += [f"{figures.count(frames, 'frame')} owed to {group}" for group, frames in spooled.owed.items()]
    return "\n".join([*lines, holder(spooled)])


def holder(spooled: Spooled) -> str:
    """Who has it, and what that means for what is in it."""
    held = spooled.holder
    who = f"{redact(held.command) or 'a publisher'} ({held.pid})"
    if spooled.busy:
        return f"in use by {who}: framebus info {redact(held.address)} asks it"
    waits = "what waits is delivered" if spooled.streams else "nothing waits"
    return f"left by {who}, which is gone: {waits}" + (" when it is started again" if spooled.streams else "")


def waiting(spooled: Spooled) -> str:
    """All that waits, in a line."""
    frames = sum(one.frames for one in spooled.streams)
    streams = ", ".join(one.stream for one in spooled.streams)
    return f"{figures.count(frames, 'frame')} of {streams}" if frames else "nothing waits"


def _row(waiting: Waiting) -> tuple[str, ...]:
    age_s = max(0.0, time.time() - waiting.oldest_ns * 1e-9) if waiting.oldest_ns else None
    return waiting.stream, f"{waiting.frames:,}", figures.size(waiting.nbytes), figures.age(age_s)
