"""`framebus web [SOURCE…]`: all streams live in a browser."""

from __future__ import annotations

import argparse
import logging
import webbrowser
from typing import TYPE_CHECKING

from framebus.cli.console import console
from framebus.cli.flags import add_options, options
from framebus.cli.parser import Parser, Subparsers
from framebus.cli.stopping import Stopping

if TYPE_CHECKING:
    from framebus.web.opening import Wanted
    from framebus.web.server import Server

PATIENCE_S = 3600.0
MAY = {"view": "may only look", "operate": "may look, record and set attributes"}
LINKS = tuple(MAY)
"""Whom links can be printed for, besides the first, which may everything."""

_DESCRIPTION = """\
Show streams live in a browser: cameras, other machines, files, and without a SOURCE all streams of this machine. Opens
at localhost:8080; the link it prints holds a token, without which nobody sees anything. Runs until Ctrl-C."""

_EXAMPLES = """\
examples
  framebus web                                    all streams of this machine
  framebus web rtsp://user:password@cam.local/main camera:0
  framebus web tcp://:5555 --insecure             whoever sends here, old imageZMQ senders too
  framebus web --listen :8080 --link view         for other machines; a second link for those who only look
  framebus web camera:0 --recordings videos       record from the page, and play what was recorded
  framebus web --device tcp://lab-pc:6000         what framebus serve serves, as a form
  framebus web --listen :443 --certificate cert.pem --key key.pem"""


def add_parser(subparsers: Subparsers[Parser]) -> None:
    """Add `framebus web`."""
    from framebus.web.opening import OPTIONS

    parser = subparsers.add_parser(
        "web", usage="framebus web [SOURCE…] [--FLAG …]", description=_DESCRIPTION, epilog=_EXAMPLES
    )
    parser.add_argument(
        "sources", nargs="*", metavar="SOURCE", help="what to show (default: shm://, all of this machine)"
    )
    page = parser.add_argument_group("page: where it is, and who sees it")
    page.add_argument(
        "--listen",
        default="localhost:8080",
        metavar="[HOST]:PORT",
        help="where; :8080 is for the network (localhost:8080)",
    )
    page.add_argument("--token", default="", metavar="TEXT", help="the token in the link (one made once and kept)")
    page.add_argument("--no-token", action="store_true", help="let every program of this machine look")
    page.add_argument(
        "--link", action="append", default=[], choices=LINKS, help="print one more link, for those who may only do this"
    )
    page.add_argument("--name", action="append", default=[], metavar="HOST", help="a name the page is reached by, too")
    page.add_argument("--certificate", default="", metavar="FILE", help="PEM file: the page is https:// then")
    page.add_argument("--key", default="", metavar="FILE", help="the key of the certificate, PEM")
    page.add_argument(
        "--recordings", default="", metavar="FOLDER", help="list and play what is in it, and record into it (off)"
    )
    page.add_argument(
        "--device",
        action="append",
        default=[],
        metavar="ADDRESS",
        help="show and set attributes of what is served there",
    )
    page.add_argument("--open", action="store_true", help="open it in a browser")
    add_options(parser, OPTIONS)


def run(arguments: argparse.Namespace) -> int:
    """Serve until somebody stops it; the exit code."""
    from framebus.web.opening import links_to, opened

    _log_more()
    wanted = _wanted(arguments)
    with Stopping() as stopping, opened(wanted) as server:
        server.start()
        first, *others = links_to(server, wanted).items()
        console.say(announcement(server, wanted))
        print(first[1], flush=True)  # not said on the console, where tokens are hidden
        for role, link in others:
            console.say(f"this one {MAY[role]}:")
            print(link, flush=True)
        if arguments.open:
            webbrowser.open(first[1])
        while not stopping.wait(PATIENCE_S):
            pass
    return 0


def announcement(server: Server, wanted: Wanted) -> str:
    """What is shown, and to whom."""
    from framebus.web.server import Listening

    shown = f"showing {', '.join(server.page.places)} to whoever opens this link"
    if Listening.parse(wanted.listen).local:
        return f"{shown}, on this machine:"
    unencrypted = "" if server.scheme == "https" else "; link and pictures travel unencrypted"
    return f"{shown}, from any machine that reaches this one{unencrypted}:"


def _wanted(arguments: argparse.Namespace) -> Wanted:
    from framebus.web.opening import OPTIONS, Wanted

    return Wanted(
        places=tuple(arguments.sources),
        listen=arguments.listen,
        token=arguments.token,
        no_token=arguments.no_token,
        links=tuple(arguments.link),
        names=tuple(arguments.name),
        recordings=arguments.recordings,
        devices=tuple(arguments.device),
        certificate=arguments.certificate,
        key=arguments.key,
        options=options(arguments, OPTIONS),
    )


def _log_more() -> None:
    """The page lists what is logged from `info` on; on the console stands what stood there before."""
    logger = logging.getLogger("framebus")
    for handler in logger.handlers:
        handler.setLevel(logger.getEffectiveLevel())
    logger.setLevel(min(logger.getEffectiveLevel(), logging.INFO))
