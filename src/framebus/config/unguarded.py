"""Where the network could come in: told before anything runs where nobody has said who may."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from framebus.config.parsing import Description
from framebus.core.addresses import Link, Role, listens, parse
from framebus.core.errors import AddressError, OptionError
from framebus.graph.plans import Capture, Pipe, Plan, Service
from framebus.links.admission import require_admission
from framebus.links.forbidden import Forbidden
from framebus.links.keys import KeyStore
from framebus.verbs.accepted_options import checked


def refuse_unguarded(description: Description) -> None:
    """Raise `Unavailable` for the first part that would listen without knowing who may connect, as its command does.

    No mistake of the file alone: there may be keys on the machine where it runs.
    """
    for plan in description.plans:
        for key, text, role, options in _places(plan):
            try:
                _check(text, role, checked(options))
            except Forbidden as error:
                raise Forbidden(": ".join(filter(None, [description.file, key, str(error)]))) from error


def _places(plan: Plan) -> Iterator[tuple[str, str, Role, Mapping[str, Any]]]:
    match plan.work:
        case Capture(streams=streams):
            for name, stream in streams.items():
                yield f"{plan.key}.{name}", stream.source, "reader", stream.options
        case Pipe(sources=sources, sink=sink, options=options):
            for source in sources:
                yield plan.key, source, "reader", options
            yield plan.key, sink, "writer", options
        case Service(address=address, options=options):
            yield plan.key, address, "writer", {**options, "listen": True}


def _check(text: str, role: Role, options: Mapping[str, Any]) -> None:
    """What else is wrong with it is told when it is opened."""
    try:
        link = parse(text)
        if not isinstance(link, Link) or link.scheme != "tcp":
            return
        if not listens(link, role, options.get("listen")):
            return
    except (AddressError, OptionError):
        return
    require_admission(link.peers[0].host, KeyStore(), options.get("insecure", False), options.get("allow", ()))
