"""A password that nobody else has, in every form in which it may turn up, and where it did."""

from __future__ import annotations

import base64
import os
import random
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

_LETTERS = "abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_TELLING = 10
"""So many letters of it give it away."""


class Secret:
    """A user and a password made by `chance`; `others` are further texts that nobody may see."""

    def __init__(self, chance: random.Random, user: str = "viewer") -> None:
        self.core = "".join(chance.choice(_LETTERS) for _ in range(20))
        """The part of the password that is looked for."""
        self.user = user
        self.password = chance.choice(("{}", "p@{}", "{}#1", "a/{}", "x:{}%", "{}?", "é{}")).format(self.core)
        self.others: list[str] = []

    @property
    def in_url(self) -> str:
        """`user:password`, as it stands in a correct URL."""
        return f"{quote(self.user, safe='')}:{quote(self.password, safe='')}"

    def forms(self) -> list[bytes]:
        """What to look for."""
        login = base64.b64encode(f"{self.user}:{self.password}".encode())
        texts = [self.core[:_TELLING], *(text[:_TELLING] for text in self.others)]
        return [*(text.encode() for text in texts), login[:-4]]

    def in_bytes(self, data: bytes) -> bool:
        """Whether it can be read there."""
        return any(form in data for form in self.forms())

    def around(self, text: str) -> str:
        """Where it stands, with what is before and after it."""
        found = [text.find(form.decode()) for form in self.forms() if form.decode() in text]
        return text[max(0, found[0] - 200) : found[0] + 100] if found else ""

    def in_files(self, folder: Path, but: set[Path]) -> Iterator[Path]:
        """Files below `folder` that hold it, or have it in their name; not those in `but`, or below it."""
        for root, folders, files in os.walk(folder):
            folders[:] = [name for name in folders if Path(root, name) not in but]
            for path in (Path(root, name) for name in files):
                if path not in but and path.is_file() and self._in_file(path):
                    yield path

    def _in_file(self, path: Path) -> bool:
        return self.in_bytes(os.fsencode(path.name)) or self.in_bytes(path.read_bytes())
