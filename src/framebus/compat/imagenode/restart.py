"""The message a node begins with: which machine it is, and since when that runs."""

from __future__ import annotations

import platform
import socket
import time
from pathlib import Path

from framebus.compat.imagenode.node_messages import Message
from framebus.core.addresses import Link, parse

_MODEL = Path("/proc/device-tree/model")
_KINDS = {"Darwin": "Mac", "Linux": "Linux", "Windows": "Windows"}


def restart(node: str, hub: str) -> Message:
    """`node|Restart|host|type|ip|ram|uptime`: ram in MB, uptime in seconds; ip is the one that reaches `hub`."""
    import psutil

    ram_mb = psutil.virtual_memory().total // 1_000_000
    uptime_s = time.time() - psutil.boot_time()
    return Message(f"{node}|Restart|{socket.gethostname()}|{kind()}|{own_ip(hub)}|{ram_mb}|{uptime_s:.2f}")


def kind() -> str:
    """What machine this is: `RPi`, `Linux`, `Mac` …"""
    try:
        if "Raspberry Pi" in _MODEL.read_text():
            return "RPi"
    except OSError:
        pass
    return _KINDS.get(platform.system(), platform.system() or "unknown")


def own_ip(hub: str) -> str:
    """The address this machine has on the way to `hub`; asks the kernel and sends nothing."""
    link = parse(hub)
    peer = link.peers[0] if isinstance(link, Link) and link.peers else None
    try:
        host = socket.getaddrinfo(peer.host, peer.port, type=socket.SOCK_DGRAM)[0] if peer else None
        if host is None:
            return "unknown"
        with socket.socket(host[0], socket.SOCK_DGRAM) as probe:
            probe.connect(host[4])
            return str(probe.getsockname()[0])
    except OSError:
        return "unknown"
