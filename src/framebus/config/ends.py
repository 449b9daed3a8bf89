"""Where frames come from and go to in a description: addresses, their files in its own folder, and what they take."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from framebus.core.addresses import Address, Link, Path, Role, Url, check_role, parse
from framebus.core.errors import AddressError, Error
from framebus.sources.rtsp import target
from framebus.sources.rtsp.target import PORTS
from framebus.verbs.open import options_of_source
from framebus.verbs.pipe import READING, WRITING
from framebus.verbs.publish import options_of_sink
from framebus.verbs.resolving import address_of


def address_in(folder: str, text: str, role: Role) -> Address:
    """The address `text` where relative file names begin in `folder`; nobody is called.

    Raises `AddressError`, also for the address of a camera that could never be called.
    """
    try:
        address = parse(text, exists=lambda name: os.path.exists(os.path.join(folder, name)))
    except AddressError:
        if ":" not in text:
            raise
        address = address_of(text)  # of a plug-in
    check_role(address, role)
    if isinstance(address, Url) and "${" not in text:  # a variable that is missing is told as such
        _check_camera(address)
    return address


def _check_camera(address: Url) -> None:
    """Raise `AddressError` for what whoever opens it would refuse without asking the camera: no host, no port."""
    if address.scheme in PORTS:
        target.parse(address.text)
    elif address.scheme in ("http", "https"):
        from framebus.sources.cameras.http_client import split

        split(address.text)


def source_takes(address: Address, folder: str) -> frozenset[str]:
    """The options of frames that come from there. Raises `AddressError`, `Unavailable` where an extra is missing."""
    place = os.path.join(folder, address.text) if isinstance(address, Path) else str(address)
    with _as_written(folder):
        return (options_of_source(place) - WRITING) | READING


def sink_takes(address: Address, folder: str) -> frozenset[str]:
    """The options of frames that go there. Raises the same."""
    place = Path(os.path.join(folder, address.text)) if isinstance(address, Path) else address
    with _as_written(folder):
        return options_of_sink(place) - READING


@contextmanager
def _as_written(folder: str) -> Iterator[None]:
    """Errors name files as they were written."""
    try:
        yield
    except Error as error:
        raise type(error)(str(error).replace(os.path.join(folder, ""), "")) from error


def made_names(sink: Address, sources: Iterable[str]) -> frozenset[str]:
    """The streams that a pipe publishes in shared memory, where its `sources` are streams of these names."""
    if not isinstance(sink, Link) or sink.scheme != "shm":
        return frozenset()
    template = sink.streams or "{stream}"
    return (
        frozenset(template.replace("{stream}", name) for name in sources) if "{" in template else frozenset({template})
    )
