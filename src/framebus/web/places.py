"""How the page reads what people name: coded video as it comes, the newest of everything else, files as they were."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from framebus.core.addresses import Link, Url
from framebus.core.errors import OptionError
from framebus.core.options import nearest
from framebus.verbs.open import options_of_source
from framebus.verbs.resolving import address_of

EVERYTHING_HERE = "shm://"
"""What is shown where nobody named anything."""
_CODED = frozenset({"rtsp", "rtsps"})
_OF_PIXELS = frozenset({"crop", "format", "hwaccel", "max_fps", "resize", "turn"})
"""Options that do not go with packets: who gives one wants the camera decoded here."""


def wishes_of(place: str, wishes: Mapping[str, Any]) -> dict[str, Any]:
    """The options `place` is opened with: those of `wishes` it takes, and how the page reads."""
    address, known = address_of(place), options_of_source(place)
    fitting = {name: value for name, value in wishes.items() if name in known}
    if isinstance(address, Link):
        defaults: dict[str, Any] = {"packets": True, "keep": "latest"}  # whoever looks on holds up nobody
    elif isinstance(address, Url) and address.scheme in _CODED and not _OF_PIXELS & fitting.keys():
        defaults = {"packets": True, "keep": "all"}
    else:
        defaults = {"speed": 1.0}
    if fitting.get("max_fps"):
        defaults.pop("packets", None)
    return {name: value for name, value in defaults.items() if name in known} | fitting


def refuse_unknown(places: Sequence[str], wishes: Mapping[str, Any]) -> None:
    """Raise `OptionError` for an option that none of `places` takes."""
    known = {name for place in places for name in options_of_source(place)}
    for name in wishes:
        if name not in known:
            raise OptionError(f"none of {', '.join(places)} takes the option {name}: {nearest(name, sorted(known))}")


def stream_named(place: str) -> str:
    """The one stream that is read there, where the address names it; empty otherwise."""
    address = address_of(place)
    return address.streams if isinstance(address, Link) and "*" not in address.streams else ""


def joinable(place: str) -> bool:
    """Whether streams of several publishers of this machine come and go there."""
    address = address_of(place)
    return isinstance(address, Link) and address.scheme == "shm" and (not address.streams or "*" in address.streams)
