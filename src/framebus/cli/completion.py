"""What a shell needs to complete commands and flags: `eval "$(framebus --completion bash)"`, zsh and fish likewise."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from importlib import import_module

from framebus.cli.overview import COMMANDS
from framebus.cli.parser import Parser, commands
from framebus.core.errors import OptionError

Flags = dict[str, str]
"""Of one command: each long flag and what it is for, in a line."""

_BASH = """\
_framebus() {{
    local word="${{COMP_WORDS[COMP_CWORD]}}" flags=""
    if [ "$COMP_CWORD" -eq 1 ]; then
        COMPREPLY=($(compgen -W "{commands}" -- "$word"))
        return
    fi
    case "${{COMP_WORDS[1]}}" in
{cases}
    esac
    case "$word" in
        -*) COMPREPLY=($(compgen -W "$flags" -- "$word")) ;;
        *) COMPREPLY=($(compgen -f -- "$word")) ;;
    esac
}}
complete -o filenames -F _framebus framebus
"""


def script(shell: str) -> str:
    """The script for `shell`. Raises `OptionError` for one that is not known."""
    if shell not in SHELLS:
        raise OptionError(f"--completion {shell}: known are {', '.join(SHELLS)}")
    return SHELLS[shell]({name: _flags(name) for name in COMMANDS})


def _bash(flags: dict[str, Flags]) -> str:
    cases = "\n".join(f'        {name}) flags="{" ".join(own)}" ;;' for name, own in flags.items())
    return _BASH.format(commands=" ".join(flags), cases=cases)


def _zsh(flags: dict[str, Flags]) -> str:
    return f"autoload -U +X bashcompinit && bashcompinit\n{_bash(flags)}"


def _fish(flags: dict[str, Flags]) -> str:
    return "".join(f"{line}\n" for line in _fish_lines(flags))


def _fish_lines(flags: dict[str, Flags]) -> Iterator[str]:
    for name, (_, purpose) in COMMANDS.items():
        yield f"complete -c framebus -n __fish_use_subcommand -a {name} -d {_quoted(purpose)}"
    for name, own in flags.items():
        for flag, purpose in own.items():
            seen = f"'__fish_seen_subcommand_from {name}'"
            yield f"complete -c framebus -n {seen} -l {flag[2:]} -d {_quoted(purpose)}"


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _flags(command: str) -> Flags:
    subparsers = commands(Parser(prog="framebus"))
    import_module(f"framebus.cli.{command}_command").add_parser(subparsers)
    return {
        flag: _line(action)
        for action in subparsers.choices[command]._actions  # argparse has no public list of them
        for flag in action.option_strings
        if flag.startswith("--")
    }


def _line(action: argparse.Action) -> str:
    return "" if action.help in (None, argparse.SUPPRESS) else str(action.help).replace("%%", "%").splitlines()[0]


SHELLS: dict[str, Callable[[dict[str, Flags]], str]] = {"bash": _bash, "zsh": _zsh, "fish": _fish}
