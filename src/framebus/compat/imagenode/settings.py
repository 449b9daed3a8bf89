"""What an imagenode.yaml says: the settings imagenode documents, and one of ours, `jpeg_quality`."""

from __future__ import annotations

import re
from typing import Any, Literal

import msgspec

from framebus.compat.imagenode import camera_settings
from framebus.compat.imagenode.camera_settings import CameraSettings
from framebus.compat.yaml_settings import Section, text, whole
from framebus.core import values
from framebus.core.addresses import Link, parse
from framebus.core.hosts import network_wide

KEYS = ("node", "hub_address")
"""The top-level names by which the file is recognised."""

_NODE = ("name", "queuemax", "patience", "heartbeat", "send_type", "print_settings")
_NO_PINS = "is not done: pins of a Raspberry Pi are not driven or read"
_SECTIONS = {"lights": _NO_PINS, "sensors": _NO_PINS}
_ALREADY = "has no effect: a hub that does not answer within the patience is always noticed, and the next one tried"
_IDLE = {
    "REP_watcher": _ALREADY,
    "stall_watcher": _ALREADY,
    "send_threading": "has no effect: messages are always sent in a thread of their own",
}
_HUB = re.compile(r"H[1-9]\d{0,2}", re.ASCII)


class NodeSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How the node works."""

    name: str
    hubs: tuple[str, ...]
    """Addresses in the order in which they are tried."""
    cameras: tuple[CameraSettings, ...] = ()
    queuemax: int = 50
    """Messages that wait to be sent; the oldest pictures are dropped when there are more."""
    patience: float = 10.0
    """Seconds to wait for a hub's answer."""
    heartbeat: float | None = None
    """Minutes between heartbeats; None sends none."""
    send_type: Literal["jpg", "image"] = "jpg"
    print_settings: bool = False


def read(root: Section) -> tuple[NodeSettings, list[str]]:
    """The settings in a file, and a note for each that is not done.

    Raises `OptionError` naming the line of what is missing, not known or not possible.
    """
    notes = root.check_names([*KEYS, "cameras"], _SECTIONS)
    node = _needed(root, "node")
    notes += node.check_names(_NODE, _IDLE)
    cameras, more = _cameras(root)
    settings = NodeSettings(
        name=node.required("name", _name, "the node's name, without '|'"),
        hubs=_hubs(_needed(root, "hub_address")),
        cameras=tuple(cameras),
        queuemax=node.take("queuemax", whole(1, 1_000_000), 50, "a number of messages from 1"),
        patience=node.take("patience", values.positive, 10.0, "a number of seconds above 0"),
        heartbeat=node.take("heartbeat", values.positive, None, "a number of minutes above 0"),
        send_type=node.take("send_type", values.choice("jpg", "image"), "jpg", "jpg or image"),
        print_settings=node.take("print_settings", values.switch, False, "True or False"),
    )
    return settings, notes + more


def _needed(root: Section, name: str) -> Section:
    section = root.section(name)
    if section is None:
        root.refuse(name, "is missing: an imagenode.yaml has node: and hub_address:")
    return section


def _cameras(root: Section) -> tuple[list[CameraSettings], list[str]]:
    found: list[CameraSettings] = []
    notes: list[str] = []
    section = root.section("cameras")
    if section is None:
        return found, notes
    for label, inner in section.sections():
        if not camera_settings.LABEL.fullmatch(label):
            section.refuse(label, "is no camera: call them P1 (of a Raspberry Pi), W1, W2 (webcams)")
        camera, more = camera_settings.read(label, inner)
        found.append(camera)
        notes += more
    return found, notes


def _hubs(section: Section) -> tuple[str, ...]:
    for label in section.names:
        if not _HUB.fullmatch(label):
            section.refuse(label, "is no hub: call them H1, H2, H3")
    if "H1" not in section:
        section.refuse("H1", "is missing: give the address of the first hub, tcp://desk:5555")
    labels = sorted(section.names, key=lambda label: int(label[1:]))
    return tuple(section.required(label, _hub, "an address of another program, tcp://desk:5555") for label in labels)


def _hub(value: Any) -> str:
    link = parse(text(value))  # AddressError is a ValueError
    if not isinstance(link, Link) or link.scheme != "tcp" or link.dialect or link.streams or len(link.peers) != 1:
        raise ValueError
    if network_wide(link.peers[0].host):
        raise ValueError
    return str(link)


def _name(value: Any) -> str:
    name = text(value)
    if "|" in name:
        raise ValueError
    return name
