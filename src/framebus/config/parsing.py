"""From what was written to what is run: every mistake found at once, each with its line."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from framebus.config import pipes, services, streams, web
from framebus.config.conflicts import refuse_claimed_twice
from framebus.config.document import Document, load
from framebus.config.references import Names, depths
from framebus.config.table import Table
from framebus.core.errors import OptionError
from framebus.core.names import RULE, suggestion, valid_name
from framebus.core.options import nearest
from framebus.graph.plans import Pipe, Plan

KINDS = (streams.KEY, services.KEY, pipes.KEY, web.KEY)
FIRST_STAGE = 1
_HEADINGS = {streams.KEY: "[streams]", services.KEY: "[services.NAME]", pipes.KEY: "[pipes.NAME]", web.KEY: "[web]"}


class Description(msgspec.Struct, frozen=True, kw_only=True):
    """A system that can be run."""

    plans: list[Plan]
    folder: str
    """Where relative file names begin."""
    file: str
    """How the file was called; empty for a dict."""
    hide: Callable[[str], str]
    """Takes out of a text what came from the environment or the credentials."""


def read(system: str | os.PathLike[str] | Mapping[str, Any], called: str = "") -> Description:
    """The system described in a TOML file, or by the same as a dict. `called` is how errors name the file.

    Raises `OptionError` with all mistakes in it, one line for each, and `Unavailable` where the file cannot be read.
    """
    if isinstance(system, Mapping):
        document = Document(system, os.getcwd())
    elif isinstance(system, str | os.PathLike):
        document = load(system, called)
    else:
        raise OptionError(f"{type(system).__name__} describes no system: give the path of a TOML file, or a dict")
    plans = _plans(document)
    if not plans:
        document.refuse((), "holds nothing to run: write [streams], [services.NAME] or [pipes.NAME]")
    document.raise_mistakes()
    return Description(plans=plans, folder=document.folder, file=document.file, hide=document.hide)


def _plans(document: Document) -> list[Plan]:
    _check_kinds(document)
    cameras = _tables(document, streams.KEY, nested=False)
    served = _tables(document, services.KEY, nested=True)
    piped = _tables(document, pipes.KEY, nested=True)
    names = Names(cameras, piped, services.addresses(served), document.folder)
    capture = streams.capture_plan(document, cameras)
    found = [pipes.pipe_plan(Table(document, (pipes.KEY, name), table), names) for name, table in piped.items()]
    refuse_claimed_twice(document, names, piped)
    ordered = _staged(document, names, found)
    last = max((plan.stage for plan in ordered), default=FIRST_STAGE) + 1
    page = document.values.get(web.KEY)
    return [
        *([capture] if capture else []),
        *ordered,
        *services.service_plans(document, served, last),
        *([web.web_plan(document, page, names)] if isinstance(page, Mapping) else []),
    ]


def _staged(document: Document, names: Names, plans: Sequence[Plan]) -> list[Plan]:
    sources = {plan.name: plan.work.sources for plan in plans if isinstance(plan.work, Pipe)}
    found, circles = depths(names.readers(sources))
    for name in circles:
        document.refuse((pipes.KEY, name, "source"), "reads what this pipe makes itself: nothing would ever come")
    return pipes.in_order(plans, found, FIRST_STAGE)


def _check_kinds(document: Document) -> None:
    for kind, value in document.values.items():
        if kind not in KINDS:
            document.refuse((str(kind),), f"is not known: {nearest(str(kind), KINDS)}")
        elif not isinstance(value, Mapping):
            document.refuse((kind,), f"is not possible like this: write a table, {_HEADINGS[kind]}")


def _tables(document: Document, kind: str, *, nested: bool) -> dict[str, Any]:
    """What stands under `kind` by name, without what is no table where each has to be one, or has no proper name."""
    values = document.values.get(kind, {})
    if not isinstance(values, Mapping):
        return {}
    found = {}
    for name, value in values.items():
        if not (isinstance(name, str) and valid_name(name)):
            document.refuse((kind, str(name)), f"is no name: give {RULE}{suggestion(name)}")
        elif nested and not isinstance(value, Mapping):
            document.refuse((kind, name), f"is not possible like this: write a table, [{kind}.{name}]")
        else:
            found[name] = value
    return found
