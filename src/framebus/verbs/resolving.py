"""From what people write to what makes or takes frames there."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, TypeGuard

from framebus.core.addresses import Address, Here, Link, Path, Url, listens, parse
from framebus.core.contracts import Maker, Sink
from framebus.core.errors import AddressError
from framebus.core.redaction import redact
from framebus.core.registry import SINKS, SOURCES, Registry

PICTURES = ("tif", "tiff")
"""Extensions that mean one recording for all frames, but with `{seq}` in the name a picture for each."""

MakerFactory = Callable[..., Maker]
SinkFactory = Callable[..., Sink]


def address_of(place: str | os.PathLike[str] | Address) -> Address:
    """The address written as `place`; schemes of installed plug-ins are known, a word that is no file is refused."""
    if isinstance(place, Link | Here | Url | Path):
        return place
    if isinstance(place, os.PathLike):
        return Path(os.fspath(place))
    if not isinstance(place, str):
        raise AddressError(
            f"a {type(place).__name__} is no address: give text such as 'shm://cam' or 'run.h5', or a path"
        )
    try:
        return parse(place, exists=os.path.exists)
    except AddressError:
        word = place.strip().partition(":")[0].lower()
        if word not in _plug_ins():
            raise
        return parse(place, schemes=[word])


def read_as_link(address: Address, listen: bool | None = None) -> TypeGuard[Link]:
    """True where a link is opened: one of framebus, or a port at which other systems' senders call."""
    return isinstance(address, Link) and (not address.dialect or listens(address, "reader", listen))


def written_as_link(address: Address | None) -> TypeGuard[Link]:
    """True where a link of framebus is published on; other systems' are sinks."""
    return isinstance(address, Link) and not address.dialect


def maker_factory(address: Address) -> MakerFactory:
    """What opens the source at `address`, which is not read as a link: `open_source(address, **options) -> Maker`."""
    if isinstance(address, Here) and address.kind in SINKS and address.kind not in SOURCES:
        raise AddressError(f"{address} takes frames but makes none: it can only be where they go")
    return _found(SOURCES, address, "is no source of frames")


def sink_factory(address: Address) -> SinkFactory:
    """What opens the sink at `address`, which is not written as a link: `open_sink(address, **options) -> Sink`."""
    if isinstance(address, Here) and address.kind in SOURCES and address.kind not in SINKS:
        raise AddressError(f"{address} makes frames but takes none: it can only be where they come from")
    return _found(SINKS, address, "cannot be written to")


def _found(registry: Registry[Any], address: Address, otherwise: str) -> Callable[..., Any]:
    name = _name(address)
    try:
        found: Callable[..., Any] = registry.get(name)
    except AddressError as error:
        raise AddressError(f"{redact(str(address))} {otherwise}: {error}") from None
    return found


def _name(address: Address) -> str:
    """Under which name the registries know this kind of place."""
    match address:
        case Here(kind=kind):
            return kind
        case Url(scheme=scheme):
            return scheme
        case Path() if address.text.rstrip("/").lower().endswith(".zarr"):
            return "zarr"
        case Path() if address.folder or os.path.isdir(address.text):
            return "folder"
        case Path() if "seq" in address.placeholders and address.extension in PICTURES:
            return "images"
        case Path():
            return address.extension or _without_extension(address)
        case Link():
            return address.dialect


def _without_extension(address: Path) -> str:
    if address.glob:
        return "images"
    what = "a file without an extension" if os.path.exists(address.text) else "no such file or folder"
    raise AddressError(f"{address}: {what}; a folder is written {address}/, a file clip.mp4, a stream tcp://HOST:5555")


def _plug_ins() -> set[str]:
    from importlib.metadata import entry_points

    groups = ("framebus.sources", "framebus.sinks")
    return {point.name for group in groups for point in entry_points(group=group)}
