"""Listening on a tcp address: what it is in numbers, and why it cannot be had."""

from __future__ import annotations

import errno
import socket as system

from framebus.core.errors import Unavailable
from framebus.links import directory, ports
from framebus.links.forbidden import unavailable


def numeric(host: str) -> str:
    """The address behind `host` in numbers, or `*` for all; raises `Unavailable` where there is none."""
    if host in ("", "*", "0.0.0.0"):  # noqa: S104  (admission decides who may come in)
        return "*"
    try:
        found = system.getaddrinfo(host, None, type=system.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Unavailable(
            f"cannot listen on {host}: no such host ({error}); give an address of this machine or * for all"
        ) from error
    families = sorted(found, key=lambda entry: entry[0] != system.AF_INET)
    return str(families[0][4][0])


def refusal(code: int | None, reason: str, host: str, port: int) -> Unavailable:
    """That `host:port` cannot be listened on, why, and by whom it is held; `code` and `reason` are the system's."""
    return unavailable(code, _why(code, reason, host, port))


def _why(code: int | None, reason: str, host: str, port: int) -> str:
    if code == errno.EADDRINUSE:
        return f"port {port} is in use by {_user_of(port)}; end it, or choose another port"
    if code == errno.EACCES:
        return f"port {port} may not be opened by this user (ports below 1024 are reserved); choose another port"
    if code in (errno.EADDRNOTAVAIL, errno.ENODEV):
        return f"cannot listen on {host}: not an address of this machine; connect to it instead, or use * for all"
    return f"cannot listen on {host}:{port}: {reason}"


def _user_of(port: int) -> str:
    for record in directory.entries():
        if record.listens and directory.port_of(record.address) == port:
            return f"a framebus {record.kind} ({record.address}, pid {record.pid}: {record.command})"
    found = ports.holder(port)
    return str(found) if found else "another program"
