"""Machines with keys of their own, all on this one: who was invited to a listener, who was not, who was sent away."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from framebus.links.keys import KeyStore, Rights


class Machines:
    """One listener at `port`, which has keys and so may listen to the network, and machines that were invited or not.

    The others reach it over loopback. `hub` is where the listener's keys are: the user's own store by default.
    """

    def __init__(self, folder: Path, port: int, hub: KeyStore | None = None) -> None:
        self.port = port
        self.everywhere = f"tcp://:{port}"
        """Where it listens."""
        self.address = f"tcp://127.0.0.1:{port}"
        """Where others reach it."""
        self.hub = hub or KeyStore()
        self._folder = folder
        self.invite("somebody")  # so that the hub has keys whoever else is invited

    def store(self, name: str) -> KeyStore:
        """The keys of a machine."""
        return KeyStore(self._folder / name)

    def invite(self, name: str, rights: Rights | None = None, *, through: str = "") -> Path:
        """A machine that joined; the folder of its keys. `through`: it reaches the listener at another address."""
        code = self.hub.invite(name, self.address) if rights is None else self.hub.invite(name, self.address, rights)
        self.store(name).join(code, through)
        return self.store(name).folder

    def stranger(self, kind: str) -> Path:
        """A machine that must not get in: `with no key`, `with a revoked key`, `with the key of another hub`."""
        if kind == "with no key":
            return self._folder / "nobody"
        if kind == "with a revoked key":
            folder = self.invite("gone")
            self.hub.revoke("gone")
            return folder
        other = KeyStore(self._folder / "another hub")
        self.store("lost").join(other.invite("lost", self.address))
        return self.store("lost").folder


STRANGERS = ("with no key", "with a revoked key", "with the key of another hub")


@contextlib.contextmanager
def using(folder: Path) -> Iterator[None]:
    """What this process opens inside uses the keys in that folder; not for several threads at once."""
    before = os.environ.get("FRAMEBUS_KEYS")
    os.environ["FRAMEBUS_KEYS"] = str(folder)
    try:
        yield
    finally:
        if before is None:
            del os.environ["FRAMEBUS_KEYS"]
        else:
            os.environ["FRAMEBUS_KEYS"] = before
