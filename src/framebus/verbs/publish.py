"""`fb.publish`: anywhere that takes frames, by address."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from framebus.core.addresses import Address, Link, check_role
from framebus.core.errors import OptionError
from framebus.core.publisher import Publisher
from framebus.core.redaction import redact
from framebus.verbs.accepted_options import checked, chosen, given, refuse_unused, taken
from framebus.verbs.resolving import address_of, sink_factory, written_as_link
from framebus.verbs.sinking import SinkPublisher

LINK_OPTIONS = frozenset(
    {
        *("allow", "carrier", "encode", "format", "insecure", "listen", "patience", "retain", "stream", "wait_for"),
        *("fsync", "spool", "spool_size", "when_full"),
    }
)
"""Options of `publish` that links take; other sinks where they say so."""


def publish(
    sink: str | os.PathLike[str],
    *,
    wait_for: int | str | Iterable[str] = 0,
    when_full: str | None = None,
    patience: float | str = 10,
    retain: int | str = "256MB",
    spool: str | os.PathLike[str] | None = None,
    spool_size: int | str = "10GB",
    format: str | None = None,
    encode: str | None = None,
    listen: bool | None = None,
    allow: Iterable[str] = (),
    insecure: bool = False,
    carrier: str | None = None,
    **sink_options: Any,
) -> Publisher:
    """Send frames to an address: a link that others read, a folder, a window.

        with fb.publish("tcp://localhost:5555/door") as out:
            out.send(image)                         # array (height, width[, channels]); 3 × uint8 is BGR

    wait_for    so many readers, or the readers of these names, before anything is sent
    when_full   what `send` does when the frames kept for a slow group fill `retain`: `"wait"` for it up to `patience`
                (default for groups named in `wait_for`), or `"skip"`: that group gets a counted gap. `"spool"` keeps
                on disk what a group is not there to take, and delivers it afterwards, also when this program was
                started again: it needs `spool`, a folder of this publisher's own, and takes up to `spool_size` there
    patience    seconds, or text such as `"30s"`: `send` and `close` wait on while readers take what they are owed, and
                give up when none was taken for so long
    retain      how much is kept for groups that have not acknowledged it
    format      pixel format of the arrays sent, where shape and type do not tell: `"rgb24"`
    encode      `"jpeg=85"`, `"png"`, `"lz4"`: encode pictures on the way out
    listen      wait for connections there (True) or connect (False); default: read off the address
    allow       addresses and networks that may connect without keys; `insecure` lets everybody
    carrier     `"tcp"` stays on TCP also with readers on this machine, with whom memory could be shared
    **sink_options  what the sink takes besides: `overwrite=True` for a folder, `stream="name"` …

    Leaving the `with` block normally ends the stream; an exception, or death, does not: readers wait for a
    successor. Raises `AddressError`, `OptionError` (nothing is silently ignored), and `Unavailable` when the place
    cannot be used (port held by …, folder not writable, keys needed).
    """
    wishes = given(
        wait_for=wait_for,
        when_full=when_full,
        patience=patience,
        retain=retain,
        spool=spool,
        spool_size=spool_size,
        format=format,
        encode=encode,
        listen=listen,
        allow=tuple(allow) if not isinstance(allow, str) else allow,
        insecure=insecure,
        carrier=carrier,
    )
    return publish_at(address_of(sink), {**wishes, **checked(sink_options)}, live=True)


def publish_at(address: Address, options: Mapping[str, Any], *, live: bool, group: str = "") -> Publisher:
    """A publisher at `address` with checked `options`; `live` says whether the newest frame matters most.

    `group`: others publish the rest of its streams to the same hub.
    """
    check_role(address, "writer")
    names = options_of_sink(address)
    refuse_unused(options, names, names, repr(redact(str(address))))
    if written_as_link(address):
        from framebus.links.link import publish_link

        wishes: dict[str, Any] = {} if live else {"wait_for": 1}  # the first frames of a file are not for nobody
        wishes |= options
        return publish_link(_named(address, wishes.pop("stream", "")), live=live, group=group, **wishes)
    factory = sink_factory(address)
    fitting, stream = chosen(options, factory), options.get("stream", "")
    if isinstance(address, Link):
        fitting, stream = {**fitting, "live": live}, _named(address, stream).streams
    made = factory(address, **fitting)
    return SinkPublisher(made, stream=stream, format=options.get("format"), place=redact(str(address)))


def check_sink(address: Link, options: Mapping[str, Any]) -> None:
    """Raise now what publishing there would raise later: a port that is taken, keys that are missing."""
    if address.dialect:
        return  # opened with the first frame, and says so then
    from framebus.links.link import check_listening
    from framebus.links.spool.wanted import wanted

    wanted(**{name: options[name] for name in ("when_full", "spool", "spool_size", "fsync") if name in options})
    check_listening(address, **{name: options[name] for name in ("listen", "allow", "insecure") if name in options})


def left_behind(spool: str | None) -> bool | None:
    """Whether the publisher that left frames in the folder `spool` was live; None where none are left."""
    if spool is None:
        return None
    from framebus.links.spool.wanted import was_live

    return was_live(spool)


def options_of_sink(address: Address) -> frozenset[str]:
    """The names of all options this sink takes."""
    return LINK_OPTIONS if written_as_link(address) else taken(sink_factory(address)) | {"format", "stream"}


def _named(address: Link, stream: str) -> Link:
    if stream and address.streams not in ("", stream):
        raise OptionError(f"{address} names the stream already: leave out stream={stream!r}")
    return msgspec.structs.replace(address, streams=stream or address.streams)
