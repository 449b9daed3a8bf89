"""Links by address: open one to read, publish on one, ask a publisher about itself."""

from __future__ import annotations

import os
import secrets
import socket as system
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from framebus.core.addresses import Link, listens
from framebus.core.errors import AddressError, OptionError, Unavailable
from framebus.core.frame import Frame
from framebus.core.machine import host_id
from framebus.core.names import to_name
from framebus.core.units import duration, nbytes
from framebus.links import directory, ports, sockets
from framebus.links.admission import require_admission
from framebus.links.carrier import CALLED, Carrier
from framebus.links.doorman import on_duty, tidy_at_exit
from framebus.links.guard import Guard
from framebus.links.keys import ClientKeys, KeyStore, lookup_peer
from framebus.links.monitor import Reminder, Watch
from framebus.links.observing import ask
from framebus.links.publishing import LinkPublisher, WritingEnd
from framebus.links.reading import LinkSource, ReadingEnd
from framebus.session.calling import Calling
from framebus.session.publisher import PublisherSession
from framebus.session.reader import ReaderSession
from framebus.session.rules import PublisherRules, ReaderRules
from framebus.wire.control import Keep, Party
from framebus.wire.encodings import encode as encode_frame

MAX_UNREAD = 64
"""Messages kept for a peer that does not read; a peer that is held to its credit has far fewer."""


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
) -> LinkSource:
    """Read frames from a link; see `framebus.open`. `exclusive`: the group takes this one reader."""
    listening = listens(address, "reader", listen)
    rules = ReaderRules(
        want=(address.streams,) if address.streams else (),
        keep=keep,
        group=group or "",
        exclusive=exclusive,
        max_fps=max_fps or 0.0,
        packets=packets,
    )
    session = ReaderSession(rules, party(), calling=None if listening else _calling())
    dial = _dialling(address, listening, allow, insecure)
    tidy_at_exit()
    end = ReadingEnd(session, str(address), dial, max(1, len(address.peers)), wanted=format or "")
    end.entry = _register("reader", end.address, listening)
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
) -> LinkPublisher:
    """Publish frames on a link; see `framebus.publish`. `live`: the newest frame matters most."""
    if when_full not in (None, "wait", "skip"):
        raise OptionError(f"when_full={when_full!r}: it is 'wait' or 'skip'")
    listening = listens(address, "writer", listen)
    groups = (wait_for,) if isinstance(wait_for, str) else () if isinstance(wait_for, int) else tuple(wait_for)
    rules = PublisherRules(
        live=live,
        wait_for=wait_for if isinstance(wait_for, int) else 0,
        wait_for_groups=groups,
        when_full=when_full,
        patience_s=patience if isinstance(patience, float) else duration(patience),
        retain_bytes=nbytes(retain),
    )
    session = PublisherSession(rules, party(), calling=None if listening else _calling())
    dial = _dialling(address, listening, allow, insecure)
    tidy_at_exit()
    end = WritingEnd(session, str(address), dial, max(1, len(address.peers)))
    end.entry = _register("publisher", _with_streams(end.address, address), listening)
    template = address.streams if "{" in address.streams else ""
    name = stream or ("" if template else address.streams)
    return LinkPublisher(
        end,
        name=name or to_name(system.gethostname(), "stream"),
        fixed=bool(address.streams and not template),
        template=template,
        format=format,
        encode=_encoder(encode),
    )


def check_listening(
    address: Link, *, listen: bool | None = None, allow: Iterable[str] = (), insecure: bool = False
) -> None:
    """Raise what `publish_link` would where it cannot listen; for those who will publish there later."""
    if listens(address, "writer", listen):
        carrier = _dialling(address, True, allow, insecure)(0)
        if carrier.domain:
            on_duty().unregister(carrier.domain)
        carrier.close(0)


def observe(address: Link, timeout: float | str = 2) -> dict[str, Any]:
    """What the publisher at `address` says about its streams and readers. Raises `Timeout` when nobody answers."""
    text, keys = _target(address, 0)
    return ask(*_watched(text, keys, probe=False), str(address), party(), duration(timeout))


def party() -> Party:
    """Who we are, for the other end's messages."""
    return Party(
        host=host_id(),
        hostname=system.gethostname()[:64],
        user=os.getuid() if hasattr(os, "getuid") else -1,
        pid=os.getpid(),
        command=ports.shorten(sys.orig_argv or sys.argv),
    )


def _calling() -> Calling:
    return Calling(secrets.token_hex(8), CALLED)


def _encoder(spec: str | None) -> Callable[[Frame], Frame] | None:
    if spec is None:
        return None
    return lambda frame: encode_frame(frame, spec)


def _dialling(address: Link, listening: bool, allow: Iterable[str], insecure: bool) -> Callable[[int], Carrier]:
    if address.dialect:
        raise AddressError(f"{address}: the {address.dialect} dialect is not in this version; native links work")
    if address.scheme == "shm":
        raise AddressError(f"{address}: shared memory links are not in this version; use ipc:// or tcp://localhost")
    if listening:
        return lambda attempt: _listen(address, tuple(allow), insecure)
    reminder = Reminder()
    return lambda attempt: _connect(address, attempt, reminder)


def _listen(address: Link, allow: tuple[str, ...], insecure: bool) -> Carrier:
    if address.scheme != "tcp":
        socket = sockets.listener(_text(address, 0), queue=MAX_UNREAD)
        return Carrier(socket, Guard(socket))
    policy = require_admission(address.peers[0].host, KeyStore(), insecure, allow)
    keys = policy.own() if isinstance(policy, KeyStore) else None
    domain = secrets.token_hex(8)
    guards: list[Guard] = []

    def guard(socket: sockets.Socket) -> None:
        guards.append(Guard(socket, encrypted=keys is not None))

    on_duty().register(domain, policy)
    try:
        socket = sockets.listener(_text(address, 0), keys=keys, domain=domain, queue=MAX_UNREAD, before_binding=guard)
    except BaseException:
        for unused in guards:
            unused.close()
        on_duty().unregister(domain)
        raise
    return Carrier(socket, guards[0], domain)


def _connect(address: Link, attempt: int, reminder: Reminder) -> Carrier:
    text, keys = _target(address, attempt)
    return Carrier(*_watched(text, keys, reminder))


def _watched(
    text: str, keys: ClientKeys | None, reminder: Reminder | None = None, *, probe: bool = True
) -> tuple[sockets.Socket, Watch]:
    """A connecting socket that is watched from the start: a refusal may come before `dialler` returns."""
    socket = sockets.dialler([], keys=keys, probe=probe)
    watch = Watch(socket, encrypted=keys is not None, reminder=reminder)
    try:
        sockets.connect(socket, text)
    except BaseException:
        watch.close()
        socket.close(0)
        raise
    return socket, watch


def _target(address: Link, attempt: int) -> tuple[str, ClientKeys | None]:
    if address.scheme != "tcp":
        return _text(address, 0), None
    peer = address.peers[attempt % len(address.peers)]
    return f"tcp://{peer}", lookup_peer(peer.host, peer.port)


def _text(address: Link, attempt: int) -> str:
    """The address as ZeroMQ writes it."""
    if address.scheme != "tcp":
        return f"{address.scheme}://{address.path}"
    peer = address.peers[attempt % len(address.peers)]
    return f"tcp://{peer}" if peer.host else f"tcp://*:{peer.port}"


def _with_streams(bound: str, address: Link) -> str:
    separator = ":" if address.scheme == "ipc" else "/"
    plain = address.streams if address.streams and "{" not in address.streams else ""
    return f"{bound}{separator}{plain}" if plain and bound != str(address) else bound


def _register(kind: str, address: str, listening: bool) -> directory.Entry | None:
    try:
        return directory.register(kind, address, listens=listening)  # type: ignore[arg-type]
    except Unavailable:
        return None
