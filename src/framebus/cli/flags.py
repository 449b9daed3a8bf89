"""Flags made from the one vocabulary of options, so that Python, command line and TOML say the same."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from typing import Any

from framebus.cli.parser import Parser
from framebus.core.options import GROUPS, OPTIONS, Option, from_texts

TITLES = {
    "read": "read: which frames, and in which form",
    "deliver": "deliver: who may connect, who is waited for",
    "work": "work: what is done to each frame",
    "write": "write: how frames are kept",
}


def add_options(parser: Parser, names: Iterable[str]) -> None:
    """Add the flags of the named options, grouped as the vocabulary groups them."""
    names = frozenset(names)
    for group in GROUPS:
        section = heading(parser, group)  # also where nothing stands below it yet, so that the order is always the same
        for option in OPTIONS.values():
            if option.group == group and option.name in names:
                _add(section, option)


def heading(parser: Parser, group: str) -> argparse._ArgumentGroup:
    """The section of the help under which flags of `group` stand, made when it is not there."""
    title = TITLES[group]
    found = [section for section in parser._action_groups if section.title == title]
    return found[0] if found else parser.add_argument_group(title)


def options(arguments: argparse.Namespace, names: Iterable[str]) -> dict[str, Any]:
    """The values of the named options that were given; raises `OptionError` for those that are not possible."""
    given = {name: getattr(arguments, name) for name in names}
    return {name: from_texts(name, texts) for name, texts in given.items() if texts is not None}


def _add(section: argparse._ArgumentGroup, option: Option) -> None:
    help = _escaped(f"{option.help} ({option.default_text})" if option.default_text else option.help)
    if option.switch:
        section.add_argument(option.flag, dest=option.name, action="append_const", const="true", help=help)
        if option.default is None:
            no = "the opposite"
            section.add_argument(option.negation, dest=option.name, action="append_const", const="false", help=no)
        return
    metavar = "|".join(option.choices) or option.metavar
    section.add_argument(option.flag, dest=option.name, action="append", metavar=metavar, help=help)


def _escaped(text: str) -> str:
    return text.replace("%", "%%")
