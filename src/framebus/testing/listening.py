"""Who listens on this machine, as the system itself says."""

from __future__ import annotations

import ipaddress
import socket
from pathlib import Path

import psutil

_LISTENS = "0A"


def addresses(port: int) -> set[str]:
    """The addresses at which anybody listens on a TCP port; empty where nobody does."""
    if Path("/proc/net/tcp").exists():
        return _in_table("tcp", port) | _in_table("tcp6", port)
    found = (each.laddr for each in psutil.net_connections("tcp") if each.status == psutil.CONN_LISTEN)
    return {each.ip for each in found if each.port == port}


def of_network() -> str:
    """An IPv4 address by which other machines would reach this one; empty where it has none."""
    for each in psutil.net_if_addrs().values():
        for one in each:
            if one.family == socket.AF_INET and not ipaddress.ip_address(one.address).is_loopback:
                return str(one.address)
    return ""


def beyond_loopback(found: set[str]) -> set[str]:
    """Those that other machines may reach."""
    return {address for address in found if not _loopback(address)}


def _loopback(address: str) -> bool:
    plain = ipaddress.ip_address(address)
    return (getattr(plain, "ipv4_mapped", None) or plain).is_loopback


def _in_table(name: str, port: int) -> set[str]:
    """From `/proc/net`: words of 32 bits in hexadecimal, in the byte order of the machine."""
    found = set()
    for line in Path("/proc/net", name).read_text().splitlines()[1:]:
        words = line.split()
        host, _, number = words[1].partition(":")
        if words[3] == _LISTENS and int(number, 16) == port:
            data = b"".join(bytes.fromhex(host[at : at + 8])[::-1] for at in range(0, len(host), 8))
            found.add(str(ipaddress.ip_address(data)))
    return found
