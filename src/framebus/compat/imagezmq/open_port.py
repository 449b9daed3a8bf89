"""The one warning about ports that are open to whole networks, which is what imageZMQ's defaults are."""

from __future__ import annotations

import logging

from framebus.core.addresses import Link, network_wide

log = logging.getLogger("framebus")
_warned: set[Link] = set()


def warn_of_strangers(address: Link, does: str, name: str) -> None:
    """Say once in a process, where `address` is a whole network's, what `name(...)` takes to be safer."""
    if address not in _warned and any(network_wide(peer.host) for peer in address.peers):
        _warned.add(address)
        log.warning(
            "%s %s anybody who can reach this port, unencrypted, as imageZMQ does. Safer: %s(..., "
            "allow=['192.168.1.0/24']) for one network, tcp://127.0.0.1 for this machine alone; insecure=True says "
            "that it is meant",
            address,
            does,
            name,
        )
