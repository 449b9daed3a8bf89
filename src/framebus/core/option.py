"""What an option is: one description for Python, command line, TOML and the reference."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, get_args

import msgspec

from framebus.core import values
from framebus.core.names import suggestion

Group = Literal["read", "deliver", "work", "write"]
GROUPS: tuple[Group, ...] = get_args(Group)
"""The headings under which `--help` shows options, in order."""


class Option(msgspec.Struct, frozen=True, kw_only=True):
    """One option: how it is called, what it takes, what it means."""

    name: str
    parse: Callable[[Any], Any]
    """Text or value to value; raises `OptionError` or `ValueError` for what it does not take."""
    allowed: str
    """What it takes, as the second half of a sentence that begins with "give"."""
    help: str
    group: Group
    default: Any = None
    """What leaving it out means; None where that depends, `default_text` says on what."""
    default_text: str = ""
    metavar: str = ""
    choices: tuple[str, ...] = ()
    repeatable: bool = False
    """May be given several times on the command line; a list elsewhere."""
    typed: str = ""
    """The word on the command line where that is not its name: one `--op` for each of the `ops`."""

    @property
    def flag(self) -> str:
        """The word on the command line, `--max-fps`."""
        return "--" + (self.typed or self.name).replace("_", "-")

    @property
    def switch(self) -> bool:
        """True for options that are on or off; the flag takes no value, and `negation` says no."""
        return self.parse is values.switch

    @property
    def negation(self) -> str:
        """`--no-listen`."""
        return "--no-" + self.flag[2:]

    def instead_of(self, value: Any) -> str:
        """What to give instead of `value`: all that is allowed, and where that is a name, one like it."""
        named = self.parse in (values.name, values.template) and "{" not in str(value)
        return self.allowed + (suggestion(value) if named else "")
