"""Links by address: open one to read, publish on one, ask a publisher about itself."""

from __future__ import annotations

import secrets
import socket as system
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from typing import Any

from framebus.core.addresses import Link, listens
from framebus.core.errors import OptionError, Unavailable
from framebus.core.frame import Frame
from framebus.core.names import to_name
from framebus.core.units import duration, nbytes
from framebus.links import directory, making
from framebus.links.carrier import CALLED, Carrier
from framebus.links.leaving import tidy_at_exit
from framebus.links.observing import ask
from framebus.links.party import party
from framebus.links.publishing import LinkPublisher
from framebus.links.reading import ReadingEnd
from framebus.links.receiving import LinkSource
from framebus.links.spool.retention import SpoolRetention
from framebus.links.spool.spool_folder import Holder
from framebus.links.spool.wanted import Wanted, wanted
from framebus.links.writing import OnAnswer, WritingEnd
from framebus.session.handshake import Calling
from framebus.session.publisher import PublisherSession
from framebus.session.reader import ReaderSession
from framebus.session.rules import WINDOW_BYTES, WINDOW_FRAMES, PublisherRules, ReaderRules
from framebus.wire.control import Keep
from framebus.wire.encodings import encode as encode_frame


def open_link(
    address: Link,
    *,
    keep: Keep | None = None,
    group: str | None = None,
    exclusive: bool = False,
    max_fps: float | None = None,
    format: str | None = None,
    timeout: float | str | None = None,
    packets: bool = False,
    listen: bool | None = None,
    allow: Iterable[str] = (),
    insecure: bool = False,
    carrier: str | None = None,
    at: str = "",
    answers: bool = False,
    inside: int = 0,
) -> LinkSource:
    """Read frames from a link; see `framebus.open`. `exclusive`: the group takes this one reader.

    `at` is the socket of one publisher, where a `shm://` address could mean several. `answers`: what senders of other
    systems are told is up to whoever reads, with `answer`. `inside`: so many frames are worked on at once, each
    acknowledged only afterwards: there is credit for them and for some on their way.
    """
    listening = listens(address, "reader", listen)
    window = max(WINDOW_FRAMES, inside + WINDOW_FRAMES // 2)
    rules = ReaderRules(
        want=(address.streams,) if address.streams else (),
        keep=keep,
        group=group or "",
        exclusive=exclusive,
        max_fps=max_fps or 0.0,
        packets=packets,
        window_frames=window,
        window_bytes=window * (WINDOW_BYTES // WINDOW_FRAMES),
    )
    session = ReaderSession(rules, party(), calling=None if listening else _calling())
    dial = _carriers(address, listening, allow, insecure, carrier, at)
    tidy_at_exit()
    end = ReadingEnd(
        session,
        str(address),
        dial,
        peers=max(1, len(address.peers)),
        may_move=carrier is None and address.scheme != "shm",
        wanted=format or "",
        dialect=address.dialect,
        by_hand=answers,
    )
    end.entry = _register("reader", end.address, listening, end.local)
    return LinkSource(end, None if timeout is None else duration(timeout))


def publish_link(
    address: Link,
    *,
    live: bool = True,
    wait_for: int | str | Sequence[str] = 0,
    when_full: str | None = None,
    patience: float | str = 10,
    retain: int | str = "256MB",
    format: str | None = None,
    encode: str | None = None,
    stream: str = "",
    listen: bool | None = None,
    allow: Iterable[str] = (),
    insecure: bool = False,
    carrier: str | None = None,
    spool: str | None = None,
    spool_size: int | str | None = None,
    fsync: bool = False,
    group: str = "",
    on_reply: OnAnswer | None = None,
) -> LinkPublisher:
    """Publish frames on a link; see `framebus.publish`. `live`: the newest frame matters most.

    `group`: others of that name publish the rest of its streams to the same hub.
    """
    rules = _publisher_rules(live, wait_for, when_full, patience, retain, group)
    kept = wanted(when_full, spool, spool_size, fsync=fsync)
    listening = listens(address, "writer", listen)
    dial = _carriers(address, listening, allow, insecure, carrier)
    tidy_at_exit()
    with ExitStack() as opened:
        end = WritingEnd(
            _publishing(rules, address, kept, opened, calls=not listening),
            str(address),
            dial,
            peers=max(1, len(address.peers)),
            may_move=carrier is None and address.scheme != "shm",
            on_reply=on_reply,
        )
        opened.pop_all()
    end.entry = _register("publisher", _with_streams(end.address, address), listening, end.local)
    return LinkPublisher(end, format=format, encode=_encoder(encode), **_named(address, stream))


def _publisher_rules(
    live: bool,
    wait_for: int | str | Sequence[str],
    when_full: str | None,
    patience: float | str,
    retain: int | str,
    group: str,
) -> PublisherRules:
    if when_full not in (None, "wait", "skip", "spool"):
        raise OptionError(f"when_full={when_full!r}: it is 'wait', 'skip' or 'spool'")
    groups = (wait_for,) if isinstance(wait_for, str) else () if isinstance(wait_for, int) else tuple(wait_for)
    return PublisherRules(
        live=live,
        wait_for=wait_for if isinstance(wait_for, int) else 0,
        wait_for_groups=groups,
        when_full=when_full,
        patience_s=patience if isinstance(patience, float) else duration(patience),
        retain_bytes=nbytes(retain),
        group=group,
    )


def _publishing(
    rules: PublisherRules, address: Link, kept: Wanted | None, opened: ExitStack, *, calls: bool
) -> PublisherSession:
    """The session of a publisher, with the spool it is to have; `opened` closes that one, unless all goes well."""
    me = party()
    retention = None
    if kept is not None:
        retention = kept.open(rules.retain_bytes, Holder(me.pid, me.command, str(address), rules.live))
        opened.callback(retention.close)
    session = PublisherSession(rules, me, calling=_calling(retention) if calls else None, retention=retention)
    session.audience.restore(time.monotonic())
    return session


def _named(address: Link, stream: str) -> dict[str, Any]:
    """What the frames of a `LinkPublisher` are called: as the address says, as they are, or else after this host."""
    template = address.streams if "{" in address.streams else ""
    name = stream or ("" if template else address.streams) or to_name(system.gethostname(), "stream")
    return {"name": name, "fixed": bool(address.streams and not template), "template": template}


def check_listening(
    address: Link, *, listen: bool | None = None, allow: Iterable[str] = (), insecure: bool = False
) -> None:
    """Raise what `publish_link` would where it cannot listen; for those who will publish there later."""
    if listens(address, "writer", listen):
        making.listening(address, tuple(allow), insecure).close()


def observe(address: Link, timeout: float | str = 2, at: str = "") -> dict[str, Any]:
    """What the publisher at `address` says about its streams and readers. Raises `Timeout` when nobody answers.

    `at` is its socket on this machine, where that is known.
    """
    return ask(making.connecting(address, at)(0), str(address), party(), duration(timeout))


def _calling(retention: SpoolRetention | None = None) -> Calling:
    """Whoever spools calls a hub as the process before it did: the hub knows what it has of it."""
    fresh = secrets.token_hex(8)
    return Calling(fresh if retention is None else retention.session(fresh), CALLED)


def _encoder(spec: str | None) -> Callable[[Frame], Frame] | None:
    if spec is None:
        return None
    return lambda frame: encode_frame(frame, spec)


def _carriers(
    address: Link, listening: bool, allow: Iterable[str], insecure: bool, carrier: str | None, at: str = ""
) -> Callable[[int], Carrier]:
    if carrier not in (None, "tcp"):
        raise OptionError(f"carrier={carrier!r}: it is 'tcp', which stays on the network's own way, or left out")
    if not listening:
        return making.connecting(address, at)
    return lambda attempt: making.listening(address, tuple(allow), insecure, may_share=carrier is None)


def _with_streams(bound: str, address: Link) -> str:
    separator = ":" if address.scheme == "ipc" else "/"
    plain = address.streams if address.streams and "{" not in address.streams else ""
    return f"{bound}{separator}{plain}" if plain and bound != str(address) else bound


def _register(kind: directory.Kind, address: str, listening: bool, local: str = "") -> directory.Entry | None:
    try:
        return directory.register(kind, address, listens=listening, local=local)
    except Unavailable:
        return None
