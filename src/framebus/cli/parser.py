"""argparse with our manners: a wrong flag is one line that names the right one."""

from __future__ import annotations

import argparse
import shutil
import textwrap
from collections.abc import Sequence
from typing import NoReturn

from framebus.core.errors import OptionError

WIDEST = 100
"""Lines of prose are hard to read beyond that."""

Subparsers = argparse._SubParsersAction  # argparse has no public name for it


class Formatter(argparse.RawDescriptionHelpFormatter):
    """Paragraphs as wide as the terminal, indented lines as they are written, flags in one column."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=30, width=min(shutil.get_terminal_size().columns, WIDEST) - 2)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        paragraphs = text.split("\n\n")
        return "\n\n".join(part if "\n  " in part else textwrap.fill(part, width) for part in paragraphs)


class Parser(argparse.ArgumentParser):
    """Raises `OptionError` where argparse would print its usage and exit; knows no abbreviations."""

    def __init__(self, **options: object) -> None:
        super().__init__(**{"allow_abbrev": False, "formatter_class": Formatter, **options})  # type: ignore[arg-type]

    @property
    def flags(self) -> list[str]:
        """All long flags."""
        return [flag for flag in self._option_string_actions if flag.startswith("--")]

    def takes_value(self, flag: str) -> bool:
        """Whether the word after `flag` belongs to it."""
        return self._option_string_actions[flag].nargs != 0

    def error(self, message: str) -> NoReturn:
        raise OptionError(f"{message}\n  {self.prog} --help shows how")

    def parse_strictly(self, arguments: Sequence[str]) -> argparse.Namespace:
        """Parse; the first flag that does not exist is answered with the nearest that does."""
        parsed, unknown = self.parse_known_args(arguments)
        for word in unknown:
            if word.startswith("-"):
                self.refuse(word)
        if unknown:
            self.error(f"{self.prog} does not know what to do with {unknown[0]!r}")
        return parsed

    def refuse(self, flag: str, more: Sequence[str] = ()) -> NoReturn:
        """Raise for a `flag` that does not exist; `more` are known beyond this parser's own."""
        from framebus.core.options import nearest  # brings numpy, which help does not need

        word = flag.partition("=")[0]
        raise OptionError(f"{self.prog} has no flag {word}: {nearest(word, [*self.flags, *more])}")


def commands(root: Parser) -> Subparsers[Parser]:
    """Where commands add their parsers."""
    return root.add_subparsers(metavar="COMMAND", parser_class=Parser)
