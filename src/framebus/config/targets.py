"""Functions, classes and services named in a description: looked for, not imported."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import msgspec

from framebus.core.addresses import Link, network_wide, parse
from framebus.core.callables import Ready, find, split
from framebus.core.errors import OptionError
from framebus.core.options import nearest
from framebus.core.redaction import redact
from framebus.work.answer import RESERVED
from framebus.work.gather_services import service_address


def checked_target(target: Any, folder: str) -> Any:
    """`target` itself: a function, a class, or `file.py:name` in `folder`, `module:name` or an op.

    Raises `OptionError`. What a file or module holds shows where it runs; built-in ops are built to see whether they
    can be.
    """
    if callable(target):
        return target
    if not isinstance(target, str) or not target.strip():
        raise OptionError(f"{target!r} names no function: write file.py:function, module:function or an op")
    place, _, _ = split(target)
    if place.endswith(".py") and not os.path.isfile(os.path.join(folder, place)):
        raise OptionError(f"{redact(target)!r}: there is no file {place} in {folder}")
    if not place:
        Ready(find(target))
    return target


def checked_service(name: str, spec: Any, folder: str, services: Mapping[str, str]) -> Any:
    """What `gather` asks as `name`: the address of one of the file's `services`, or `spec` itself.

    Raises `OptionError` and `AddressError`.
    """
    if not name.isidentifier() or name.startswith("_"):
        raise OptionError(f"{name!r} cannot be the name of an answer: letters, digits and _, beginning with a letter")
    if name in RESERVED:
        raise OptionError(f"an answer cannot be called {name!r}, which has another meaning: call it otherwise")
    if not isinstance(spec, str):
        return checked_target(spec, folder)
    if spec in services:
        return reachable(services[spec])
    if "://" in spec:
        service_address(spec)
        return spec
    if ":" not in spec and "=" not in spec:
        raise OptionError(f"{spec!r} is no service of this file: {nearest(spec, services)}")
    return checked_target(spec, folder)


def reachable(address: str) -> str:
    """A service's address as others of this machine write it: localhost where it listens to the network."""
    link = parse(address)
    assert isinstance(link, Link)  # noqa: S101  (services have no others)
    peers = tuple(
        msgspec.structs.replace(peer, host="localhost") if network_wide(peer.host) else peer for peer in link.peers
    )
    return str(msgspec.structs.replace(link, peers=peers))
