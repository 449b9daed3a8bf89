"""Hosts and ports: how a peer is written, and whether a host is this machine or all networks."""

from __future__ import annotations

import ipaddress
import re
import socket

import msgspec

from framebus.core.errors import AddressError

DEFAULT_PORT = 5555

_HOST = re.compile(r"[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)*", re.ASCII)
_NUMBER = re.compile(r"\d+|0x[0-9a-f]*", re.ASCII)
_ZONE = re.compile(r"[A-Za-z0-9_.-]{1,32}", re.ASCII)
_EVERYWHERE = ("", "*", "0.0.0.0", "::")  # noqa: S104  (recognised here, not bound)


class Peer(msgspec.Struct, frozen=True):
    """One end of a TCP link. `host` is empty for all networks of this machine; `port` 0 is any free one."""

    host: str = ""
    port: int = DEFAULT_PORT

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_peer(text: str) -> Peer:
    """`desk:5555`, `desk`, `:5555`, `*`, `[::1]:5555`; the port defaults to 5555.

    Hosts come back in lower case and IPv6 in its shortest form. Raises `AddressError` saying what is wrong.
    """
    if text.startswith("["):
        inside, bracket, rest = text[1:].partition("]")
        if not bracket or (rest and not rest.startswith(":")):
            raise AddressError(f"{text!r} is not a host and port: IPv6 is written [::1]:{DEFAULT_PORT}")
        return Peer(_ipv6(inside), _port(rest[1:]) if rest else DEFAULT_PORT)
    host, colon, port = text.rpartition(":") if ":" in text else (text, "", "")
    if ":" in host:
        raise AddressError(f"{text!r} is not a host and port: write IPv6 in brackets, [::1]:{DEFAULT_PORT}")
    return Peer(_host(host), _port(port) if colon else DEFAULT_PORT)


def network_wide(host: str) -> bool:
    """True for the ways to write all networks of this machine: nothing, `*`, `0.0.0.0`, `::`."""
    return host in _EVERYWHERE


def is_loopback(host: str) -> bool:
    """True when `host` is reachable from this machine alone: `localhost`, `127.0.0.0/8`, `::1`."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    address = _ip(host)
    return address is not None and address.is_loopback


def is_local_host(host: str) -> bool:
    """True when `host` is this machine: loopback, its own name, or the address of one of its interfaces.

    Asks the kernel, never the name service: another name of this machine counts as another machine.
    """
    if is_loopback(host):
        return True
    address = _ip(host)
    if address is not None:
        return _is_own(address)
    own = socket.gethostname().lower()
    return host.lower() in (own, own.partition(".")[0], f"{own}.local")


def _is_own(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """A datagram socket connected to one of our own addresses takes that address itself; nothing is sent."""
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((str(address), 9))
            return ipaddress.ip_address(probe.getsockname()[0]) == address
    except (OSError, ValueError):
        return False


def _ip(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _host(text: str) -> str:
    host = text.lower()
    if host in ("", "*"):
        return ""
    if len(host) > 253 or _HOST.fullmatch(host) is None:
        raise AddressError(f"{text!r} is not a host: give a host name, an IPv4 address or [IPv6]")
    # what ends in a number would be taken for an address by the resolver, "0" and "0x0" for all networks
    if _NUMBER.fullmatch(host.rpartition(".")[2]) and not isinstance(_ip(host), ipaddress.IPv4Address):
        raise AddressError(f"{text!r} is not an IPv4 address: give four numbers from 0 to 255, such as 10.0.0.7")
    return host


def _ipv6(text: str) -> str:
    plain, percent, zone = text.partition("%")
    try:
        host = str(ipaddress.IPv6Address(plain))
    except ValueError:
        raise AddressError(f"[{text}] is not an IPv6 address: write one such as [::1] or [fe80::1%eth0]") from None
    if percent and _ZONE.fullmatch(zone) is None:
        raise AddressError(f"[{text}] names no network interface after '%': write one such as [fe80::1%eth0]")
    return host + percent + zone


def _port(text: str) -> int:
    if text.isascii() and text.isdecimal() and len(text) <= 5 and int(text) <= 65535:
        return int(text)
    raise AddressError(f"{text!r} is not a port: give a number from 1 to 65535, or 0 for any free one")
