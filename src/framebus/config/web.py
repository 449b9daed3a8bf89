"""`[web]`: the page, in a process of its own, over what this file publishes."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from framebus.config.document import Document
from framebus.config.pipes import sources_of
from framebus.config.references import Names
from framebus.config.table import Table
from framebus.core.errors import Error, OptionError, Unavailable
from framebus.graph.plans import Plan, Web
from framebus.web import token as tokens
from framebus.web.opening import OPTIONS, others, secret
from framebus.work.gather_services import service_address

KEY = "web"
OWN = ("source", "listen", "token", "no_token", "link", "name", "recordings", "device", "certificate", "key")
LINKS = ("view", "operate")
DEVICES = "the address of what framebus serve serves, or a list of them"


def web_plan(document: Document, values: Mapping[str, Any], names: Names) -> Plan:
    """The process of the page; what cannot be is noted.

    It ends with what makes frames: nothing of its is left to finish, and it would only say that nobody publishes any
    more.
    """
    table = Table(document, (KEY,), values)
    _refuse_missing_extra(table)
    places = _places(table, names)
    taken = frozenset().union(*places.values()) & frozenset(OPTIONS)
    work = Web(
        places=tuple(places),
        listen=_listen(table),
        token=_token(table),
        no_token=_no_token(table),
        links=_links(table),
        names=_several(table, "name", "a host name, or a list of them"),
        recordings=table.text("recordings", "a folder") or "",
        devices=_devices(table),
        certificate=_file(table, "certificate"),
        key=_file(table, "key"),
        options=table.options(OWN, taken, "the page of these streams"),
    )
    _refuse_letting_everybody_in(table, work)
    if work.key and not work.certificate:
        table.refuse("key", "needs its certificate: give both, as PEM files")
    return Plan(key=KEY, work=work)


def port_of(values: Mapping[str, Any]) -> int:
    """The port the page of this table takes; 0 where the system chooses one, or it is not possible."""
    from framebus.web.server import Listening

    with suppress(OptionError, TypeError, AttributeError):
        return Listening.parse(values.get("listen", Web().listen)).port
    return 0


def _refuse_missing_extra(table: Table) -> None:
    from framebus.web.page import require_packages

    try:
        require_packages()
    except Unavailable as error:
        table.refuse("", f"is not possible here: {error}")


def _places(table: Table, names: Names) -> dict[str, frozenset[str]]:
    """What it shows, each with the options it takes: all that this file publishes unless it says otherwise."""
    if "source" in table:
        return sources_of(table, names)
    if not names.published:
        table.refuse("", "has nothing to show, for this file publishes no stream: name what to show in source")
    return {address: names.takes(address) for address in names.published}


def _listen(table: Table) -> str:
    from framebus.web.server import Listening

    allowed = f"HOST:PORT in quotes as in '{Web().listen}', or ':8080' for all networks"
    text = table.text("listen", allowed)
    try:
        Listening.parse(text or Web().listen)
    except OptionError:
        table.refuse_value("listen", allowed)
        return Web().listen
    return text or Web().listen


def _token(table: Table) -> str:
    """Never repeated in what is said."""
    value = table.values.get("token", "")
    try:
        if "token" in table:
            tokens.checked(value)
    except (OptionError, TypeError) as error:
        said = error if isinstance(error, OptionError) else "give a text of 16 characters or more"
        table.refuse("token", f"is not possible: {said}")
        return ""
    return str(value)


def _no_token(table: Table) -> bool:
    value = table.values.get("no_token", False)
    if not isinstance(value, bool):
        table.refuse_value("no_token", "true or false")
        return False
    return value


def _refuse_letting_everybody_in(table: Table, work: Web) -> None:
    from framebus.web.server import Listening

    if not work.no_token:
        return
    try:
        secret(work, Listening.parse(work.listen))
        others(work)
    except OptionError as error:
        table.refuse("no_token", f"is not possible: {error}")


def _links(table: Table) -> tuple[str, ...]:
    allowed = f"{' or '.join(map(repr, LINKS))}, or a list of them"
    words = _several(table, "link", allowed)
    if all(word in LINKS for word in words):
        return words
    table.refuse_value("link", allowed)
    return ()


def _devices(table: Table) -> tuple[str, ...]:
    addresses = _several(table, "device", DEVICES)
    for address in addresses:
        try:
            service_address(address)
        except Error as error:
            table.refuse("device", f"= {address!r}: {error}")
    return addresses


def _several(table: Table, name: str, allowed: str) -> tuple[str, ...]:
    return tuple(table.texts(name, allowed)) if name in table else ()


def _file(table: Table, name: str) -> str:
    text = table.text(name, "the name of a PEM file") or ""
    if text and not os.path.isfile(os.path.join(table.document.folder, text)):
        table.refuse(name, f"= {text!r}: there is no such file in {table.document.folder}")
    return text
