"""The folder of a spool: one publisher's at a time, and nobody else's to look into."""

from __future__ import annotations

import os
import shlex
import stat

import msgspec

from framebus.core.errors import Unavailable
from framebus.core.not_json import NOT_JSON
from framebus.core.redaction import redact
from framebus.links import locks

LOCK = "lock"
MAX_LOCK_BYTES = 64 * 1024


class Holder(msgspec.Struct):
    """Who has the folder."""

    pid: int = 0
    command: str = ""
    address: str = ""
    live: bool = True
    """Whether the newest frame mattered most to it."""


def last_holder(folder: str) -> Holder | None:
    """Who had the folder last, or has it; None where no publisher had it yet."""
    try:
        descriptor = os.open(os.path.join(folder, LOCK), os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
    except OSError:
        return None
    try:
        return _holder(descriptor)
    finally:
        os.close(descriptor)


def claim(folder: str, holder: Holder) -> int:
    """Take the folder, which is made where it is not there; the descriptor whose closing gives it back.

    Raises `Unavailable` where it cannot be used: another publisher has it, it belongs to another user, it is open to
    others, it is no folder.
    """
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        _check(folder)
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0)
        descriptor = os.open(os.path.join(folder, LOCK), flags, 0o600)
    except OSError as error:
        if isinstance(error, Unavailable):
            raise
        raise Unavailable(f"the spool {folder} cannot be used: {error.strerror}") from error
    if not locks.lock(descriptor, wait=False):
        other = _holder(descriptor)
        os.close(descriptor)
        raise Unavailable(_taken(folder, other))
    os.ftruncate(descriptor, 0)
    os.write(descriptor, msgspec.json.encode(holder))
    return descriptor


def _check(folder: str) -> None:
    found = os.stat(folder)
    if hasattr(os, "getuid") and found.st_uid != os.getuid():
        raise Unavailable(f"the spool {folder} belongs to another user (uid {found.st_uid}): give a folder of your own")
    if hasattr(os, "getuid") and stat.S_IMODE(found.st_mode) & 0o077:
        raise Unavailable(f"the spool {folder} is open to other users: chmod 700 {shlex.quote(folder)}")


_from_json = msgspec.json.Decoder(Holder).decode


def _holder(descriptor: int) -> Holder:
    try:
        return _from_json(os.read(descriptor, MAX_LOCK_BYTES))
    except (OSError, *NOT_JSON):
        return Holder()


def _taken(folder: str, other: Holder) -> str:
    who = f"{redact(other.command) or 'another publisher'} (pid {other.pid})" if other.pid else "another publisher"
    what = f", which publishes {redact(other.address)}" if other.address else ""
    return f"the spool {folder} is in use by {who}{what}: stop that one, or give this one a folder of its own"
