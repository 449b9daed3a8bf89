"""The command line: `framebus COMMAND …`. Thin: every command calls the same functions that Python users do."""

from __future__ import annotations

from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command with the given arguments (default: the process's own); the exit code."""
    try:
        from framebus.cli.entry import enter
    except KeyboardInterrupt:  # while it loads
        return 130
    return enter(argv)
