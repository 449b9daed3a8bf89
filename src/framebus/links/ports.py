"""Who holds a TCP port of this machine, for messages to people."""

from __future__ import annotations

import re
from typing import NamedTuple

from framebus.core.redaction import redact

MAX_COMMAND = 80
_INTERPRETER = re.compile(r"^python[\d.]*(?:\.exe)? (?:-m framebus|\S*[/\\]framebus)(?=\s|$)")


class Holder(NamedTuple):
    """A process that listens: its number, and its command line, shortened and without secrets."""

    pid: int
    command: str

    def __str__(self) -> str:
        return f"{self.pid} {self.command}".rstrip()


def holder(port: int) -> Holder | None:
    """The process that listens on TCP `port`, or None when nobody does or the system does not tell.

    Systems tell everything about processes of the same user and seldom anything about others'. Takes up to some
    tens of milliseconds: for error messages, not for loops.
    """
    import psutil

    try:
        connections = psutil.net_connections(kind="tcp")
    except (psutil.Error, OSError):  # macOS wants root
        return None
    for connection in connections:
        listens = connection.status == psutil.CONN_LISTEN and connection.laddr.port == port
        if listens and connection.pid is not None:
            return Holder(connection.pid, command(connection.pid))
    return None


def command(pid: int) -> str:
    """The command line of process `pid`, shortened and redacted; empty when it is gone or not ours to see."""
    import psutil

    try:
        words = psutil.Process(pid).cmdline()
    except (psutil.Error, OSError):
        return ""
    return shorten(words)


def brief(command: str) -> str:
    """A command line as it is typed: `framebus pipe …` without the interpreter that runs it."""
    return _INTERPRETER.sub("framebus", command)


def shorten(words: list[str]) -> str:
    """A command line as one redacted line of at most 80 characters; the program without its folder."""
    if not words:
        return ""
    program = words[0].replace("\\", "/").rpartition("/")[2] or words[0]
    line = brief(" ".join(redact(" ".join([program, *words[1:]])).split()))
    printable = "".join(character if character.isprintable() else "?" for character in line)
    return printable if len(printable) <= MAX_COMMAND else printable[: MAX_COMMAND - 1] + "…"
