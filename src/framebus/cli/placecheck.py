"""What is wrong, if anything, with one address, file or folder."""

from __future__ import annotations

import socket
from collections.abc import Iterator

from framebus.cli import describing, figures, spools
from framebus.cli.checkup import Finding
from framebus.core.addresses import Address, Link, Peer, listens, network_wide
from framebus.core.errors import BadFrame, Error, Timeout
from framebus.core.redaction import redact
from framebus.links.spool.looking import is_spool
from framebus.links.spool.looking import look as look_into
from framebus.verbs.resolving import address_of, maker_factory

CONNECT_S = 2.0
ANSWER_S = 3.0


def look(place: str) -> Iterator[Finding]:
    """One finding after the other, from the address to its pixels."""
    if is_spool(place):
        yield from _spool(place)
        return
    try:
        address = address_of(place)
        yield Finding("address", "good", redact(str(address)))
        yield from _link(address, place) if isinstance(address, Link) else _file(address)
    except Error as error:
        yield Finding("address", "bad", str(error))


def _spool(folder: str) -> Iterator[Finding]:
    try:
        spooled = look_into(folder)
    except Error as error:
        yield Finding("spool", "bad", str(error))
        return
    yield Finding("spool", "good", f"{redact(folder)}: {spools.waiting(spooled)}, {figures.size(spooled.nbytes)}")
    yield Finding("publisher", "good" if spooled.busy or not spooled.streams else "warning", spools.holder(spooled))


def repaired(place: str) -> Iterator[Finding]:
    """A recording is made whole whose recorder was killed; one that is whole stays as it is."""
    from framebus.record.inspecting import repair

    try:
        recording = repair(place)
    except Error as error:
        yield Finding("recording", "bad", str(error))
        return
    for stream in recording.streams:
        yield Finding("stream", "good", f"{stream.stream}: {figures.count(stream.frames, 'frame')}")
    yield Finding("recording", "good", f"{redact(place)} is whole, {figures.size(recording.nbytes)}")


def _link(address: Link, place: str) -> Iterator[Finding]:
    writer, reader = listens(address, "writer"), listens(address, "reader")
    yield Finding("who listens", "note", _roles(writer=writer, reader=reader))
    for peer in address.peers:
        if not network_wide(peer.host):
            yield _reached(peer)
    try:
        facts = describing.describe(place, ANSWER_S)
    except Timeout as error:
        advice = "a hub (a reader that listens) does not answer this, and needs not"
        yield Finding("publisher", "warning", str(error), advice)
        return
    names = ", ".join(stream["name"] for stream in facts["streams"]) or "no stream yet"
    yield Finding("publisher", "good", f"answers, with {names}")


def _roles(*, writer: bool, reader: bool) -> str:
    if writer and reader:
        return "whoever opens it, reader or writer, listens to the network"
    if writer:
        return "the writer listens, readers connect"
    return "both readers and writers connect: the other machine listens" if not reader else "the reader listens"


def _reached(peer: Peer) -> Finding:
    try:
        with socket.create_connection((peer.host, peer.port), CONNECT_S) as connection:
            return Finding("connection", "good", f"{peer} accepts, as {connection.getpeername()[0]}")
    except socket.gaierror:
        return Finding("connection", "bad", f"{peer.host} is no host that is known here", f"ping {peer.host}")
    except TimeoutError:
        advice = "is it on, in this network, and does its firewall let the port through?"
        return Finding("connection", "bad", f"{peer} does not answer within {CONNECT_S:g} s", advice)
    except OSError as error:
        return Finding("connection", "warning", f"{peer}: {error.strerror or error}", "nothing listens there yet")


def _file(address: Address) -> Iterator[Finding]:
    """Open it and look at every frame."""
    maker = maker_factory(address)(address)
    if maker.live:
        maker.close()
        yield Finding("source", "good", f"{redact(str(address))} is live and can be opened")
        return
    frames = damaged = nbytes = 0
    try:
        for item in maker:
            frames += 1
            damaged += bool(item.meta.get("damaged"))
            nbytes += item.nbytes
            getattr(item, "data", None)  # an encoded picture is decoded here, or says what is wrong with it
    except BadFrame as error:
        yield Finding("frames", "bad", f"{frames} are good, then: {error}")
        return
    finally:
        maker.close()
    found = f"{figures.count(frames, 'frame')}, {figures.size(nbytes)} of pixels"
    if damaged:
        yield Finding("frames", "warning", f"{found}, {damaged} of them damaged")
    else:
        yield Finding("frames", "good" if frames else "bad", f"{found}, none damaged")
