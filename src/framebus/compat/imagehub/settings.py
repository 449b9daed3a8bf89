"""What an imagehub.yaml says: the settings imagehub documents, and three of ours."""

from __future__ import annotations

import os
from typing import Any

import msgspec

from framebus.compat.yaml_settings import Section, text, whole
from framebus.core import values
from framebus.core.addresses import Link, parse
from framebus.core.hosts import is_loopback

KEY = "hub"
"""The top-level name by which the file is recognised."""

_DOCUMENTED = ("data_directory", "max_images_write", "patience", "print_settings")
_OURS = ("address", "allow", "max_log_lines")
_IDLE = {"queuemax": "has no effect: pictures are written as they come, and senders wait for the disk"}
_MOST = 1_000_000_000


class HubSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How the hub works."""

    data_directory: str = "imagehub_data"
    """Where `images/` and `logs/` are."""
    max_images_write: int = 5000
    """Pictures in one day's directory; what comes after that is counted, not written."""
    patience: float = 60.0
    """Minutes of silence after which a node is reported."""
    max_log_lines: int = 100_000
    """Events in one day's log; what comes after that is counted, not written."""
    address: str = "tcp://:5555"
    """Where it listens."""
    allow: tuple[str, ...] = ()
    """Addresses and networks that may send; with none, everybody may."""
    print_settings: bool = False

    @property
    def open_to_all(self) -> bool:
        """Whether anybody on the network may send."""
        link = parse(self.address)
        return not self.allow and isinstance(link, Link) and not all(is_loopback(peer.host) for peer in link.peers)


def read(root: Section, folder: str) -> tuple[HubSettings, list[str]]:
    """The settings in a file that stands in `folder`, and a note for each that has no effect.

    Relative directories are below `folder`. Raises `OptionError` naming the line of what is not known or not possible.
    """
    root.check_names([KEY], {})
    hub = root.section(KEY)
    assert hub is not None  # noqa: S101  (it is how the file was recognised; tells the type checker)
    notes = hub.check_names([*_DOCUMENTED, *_OURS], _IDLE)
    default = HubSettings()
    directory = hub.take("data_directory", text, default.data_directory, "a directory")
    settings = HubSettings(
        data_directory=os.path.join(folder, os.path.expanduser(directory)),
        max_images_write=hub.take(
            "max_images_write", whole(0, _MOST), default.max_images_write, "a whole number of pictures"
        ),
        patience=hub.take("patience", values.positive, default.patience, "a number of minutes above 0"),
        max_log_lines=hub.take("max_log_lines", whole(0, _MOST), default.max_log_lines, "a whole number of lines"),
        address=hub.take("address", _address, default.address, "where to listen, tcp://:5555"),
        allow=hub.take("allow", values.allow, (), "IP addresses or networks, [10.0.0.7, 192.168.1.0/24]"),
        print_settings=hub.take("print_settings", values.switch, default.print_settings, "True or False"),
    )
    return settings, notes


def _address(value: Any) -> str:
    link = parse(text(value))  # AddressError is a ValueError
    if not isinstance(link, Link) or link.scheme != "tcp" or link.dialect or link.streams or len(link.peers) != 1:
        raise ValueError
    return str(link)
