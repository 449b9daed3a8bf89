"""Names that somebody else chose: for streams, files and nodes, made to lead elsewhere or to confuse."""

from __future__ import annotations

import random

_PIECES = (
    *("../", "..\\", "/", "\\", "..", ".", "...", "./", "~/", "~", "//", "../../../../"),
    *("\0", "\n", "\r\n", "\t", " ", "\x1b[2J", "\x7f", "\u202e", "\ufeff", "é", "画像", "\udc80", "\U0001f4f7"),
    *("%2e%2e%2f", "%00", "%s%n", "{stream}", "{seq}", "{name}", "{0}", "${HOME}", "$(touch pwned)", "`touch pwned`"),
    *("; touch pwned", "| touch pwned", "&& touch pwned", "-rf", "--help", "CON", "nul.png", "C:\\", "\\\\host\\share"),
    *("etc/passwd", ".ssh/authorized_keys", ".png", ".jpg", ".partial", ":", "*", "?", '"', "'", "<b>", "|", "|jpg"),
    *("a", "cam", "porch", "a" * 70, "b" * 300),
)


def hostile_name(chance: random.Random, elsewhere: str) -> str:
    """Some such name; `elsewhere` is the path that it should not lead to."""
    name = "".join(chance.choice(_PIECES) for _ in range(chance.randrange(1, 6)))
    way = chance.random()
    if way < 0.15:
        return f"{elsewhere}{name}"
    if way < 0.3:
        return "../" * chance.randrange(1, 9) + elsewhere.lstrip("/") + name
    return name


def file_name(name: str) -> str:
    """What of it a file can be called on this system; empty where nothing is left."""
    plain = name.replace("/", "").replace("\0", "").strip(".")
    return plain.encode("utf-8", "surrogateescape")[:200].decode("utf-8", "ignore")
