"""An imagehub.yaml or imagenode.yaml at work."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from framebus.cli.console import console
from framebus.cli.stopping import Stopping

if TYPE_CHECKING:
    from framebus.compat.imagehub import Hub
    from framebus.compat.imagenode import Node
    from framebus.compat.yaml_settings import Section

log = logging.getLogger("framebus")


def run_yaml(path: str, check: bool) -> int:
    """Run the file until somebody stops it, or only `check` it; the exit code."""
    root = _recognised(path)
    if "hub" in root:
        return _imagehub(path, root, check)
    return _imagenode(path, root, check)


def _recognised(path: str) -> Section:
    """The settings in the file; raises `OptionError` where it is of neither kind."""
    from framebus.compat.yaml_settings import load
    from framebus.core.errors import OptionError

    try:
        root = load(path)
    except OptionError as error:
        if path.lower().endswith((".yaml", ".yml")):
            raise
        raise OptionError(_neither(path)) from error
    hub, node = "hub" in root, "node" in root or "hub_address" in root
    if hub and node:
        raise OptionError(f"{path} is both an imagehub.yaml (hub:) and an imagenode.yaml (node:): make two files of it")
    if not (hub or node):
        raise OptionError(_neither(path))
    return root


def _neither(path: str) -> str:
    return (
        f"{path} is neither an imagehub.yaml (it has hub:) nor an imagenode.yaml (node: and hub_address:); a system of "
        "your own is a NAME.toml"
    )


# imagehub ------------------------------------------------------------------------------------------------


def _imagehub(path: str, root: Section, check: bool) -> int:
    from framebus.compat.imagehub import open_hub, read

    settings, notes = read(root, os.path.dirname(os.path.abspath(path)))
    _tell(settings, notes, settings.print_settings and not check)
    if check:
        from framebus.cli.yaml_picture import show_hub

        show_hub(path, settings)
        return 0
    since = time.monotonic()
    with Stopping() as stopping:
        hub = open_hub(settings)
        stopping.then(hub.stop)
        if settings.open_to_all:
            log.warning(
                "anybody on the network may send to %s, unencrypted; allow: [192.168.1.0/24] below hub: in %s names "
                "who may",
                settings.address,
                path,
            )
        where = getattr(hub.source, "where", settings.address)
        console.say(f"imagehub at {where} · pictures and log in {settings.data_directory}")
        hub.run()
    console.say(_filed(hub, time.monotonic() - since))
    return 0


def _filed(hub: Hub, elapsed_s: float) -> str:
    from framebus.cli.figures import count, span

    counts = hub.counts
    events, heartbeats = count(counts.events, "event"), count(counts.heartbeats, "heartbeat")
    parts = [f"{count(counts.pictures, 'picture')}, {events} and {heartbeats} in {span(elapsed_s)}"]
    parts += [f"{counts.ignored:,} ignored"] if counts.ignored else []
    parts += [f"{counts.over:,} above the day's cap"] if counts.over else []
    parts += [f"{counts.lost:,} lost"] if counts.lost else []
    return " · ".join(parts)


# imagenode -----------------------------------------------------------------------------------------------


def _imagenode(path: str, root: Section, check: bool) -> int:
    from framebus.compat.imagenode import open_node, read

    settings, notes = read(root)
    _tell(settings, notes, settings.print_settings and not check)
    if check:
        from framebus.cli.yaml_picture import show_node

        show_node(path, settings)
        return 0
    since = time.monotonic()
    with Stopping() as stopping:
        node = open_node(settings, _connect)
        stopping.then(node.stop)
        cameras = ", ".join(camera.address for camera in settings.cameras) or "no cameras"
        console.say(f"imagenode {settings.name}: {cameras} → {', '.join(settings.hubs)}")
        node.run()
    console.say(_seen(node, time.monotonic() - since))
    return 0


def _connect(address: str, patience_s: float) -> Any:
    from framebus.imagezmq import ImageSender

    return ImageSender(connect_to=address, REQ_REP=True, timeout=patience_s)


def _seen(node: Node, elapsed_s: float) -> str:
    from framebus.cli.figures import count, span

    dropped = f" · {node.dropped:,} dropped while no hub took them" if node.dropped else ""
    seen = count(node.pictures, "picture")
    return f"{seen} looked at, {count(node.sent, 'message')} sent in {span(elapsed_s)}{dropped}"


def _tell(settings: Any, notes: Sequence[str], whole: bool) -> None:
    """What the file says, where that is wanted, and what of it is not done."""
    from framebus.compat.yaml_settings import listing

    if whole:
        console.say("\n".join(listing(settings)))
    for note in notes:
        log.warning("%s", note)
