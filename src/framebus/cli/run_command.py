"""`framebus run FILE`."""

from __future__ import annotations

import argparse
import logging
import os
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from framebus.cli.console import console
from framebus.cli.parser import Parser, Subparsers
from framebus.cli.stopping import Stopping

if TYPE_CHECKING:
    from framebus.compat.imagehub import Hub
    from framebus.compat.imagenode import Node
    from framebus.compat.settings import Section

log = logging.getLogger("framebus")

_DESCRIPTION = """\
Run what a settings file describes, until Ctrl-C. The file is recognised by what is in it.

imagehub.yaml: take pictures and events from imagenodes, and file them as imagehub does. Anybody on the network may
send, as always with imagehub, unless the file says `allow:`.

imagenode.yaml: watch cameras and send what happens before them to the first hub that answers."""

_EXAMPLES = """\
examples
  framebus run imagehub.yaml
  framebus run imagenode.yaml
  framebus run imagenode.yaml --check             what is in it, and what is wrong with it"""


def add_parser(subparsers: Subparsers[Parser]) -> None:
    """Add `framebus run`."""
    parser = subparsers.add_parser(
        "run", usage="framebus run FILE [--check]", description=_DESCRIPTION, epilog=_EXAMPLES
    )
    parser.add_argument("file", metavar="FILE", help="an imagehub.yaml or imagenode.yaml")
    parser.add_argument("--check", action="store_true", help="read the file, say what it holds, and run nothing")


def run(arguments: argparse.Namespace) -> int:
    """Run the file until somebody stops it; the exit code."""
    root = _recognised(arguments.file)
    if "hub" in root:
        return _imagehub(arguments.file, root, arguments.check)
    return _imagenode(root, arguments.check)


def _recognised(path: str) -> Section:
    """The settings in the file; raises `OptionError` where it is of neither kind."""
    from framebus.compat.settings import load
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
    return f"{path} is neither an imagehub.yaml (it has hub:) nor an imagenode.yaml (node: and hub_address:)"


# imagehub ------------------------------------------------------------------------------------------------


def _imagehub(path: str, root: Section, check: bool) -> int:
    from framebus.compat.imagehub import open_hub, read

    settings, notes = read(root, os.path.dirname(os.path.abspath(path)))
    _tell(settings, notes, settings.print_settings or check)
    if check:
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


def _imagenode(root: Section, check: bool) -> int:
    from framebus.compat.imagenode import open_node, read

    settings, notes = read(root)
    _tell(settings, notes, settings.print_settings or check)
    if check:
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
    from framebus.compat.settings import listing

    if whole:
        console.say("\n".join(listing(settings)))
    for note in notes:
        log.warning("%s", note)
