"""`framebus web [SOURCE…]`: all streams live in a browser."""

from __future__ import annotations

import argparse
import socket
import webbrowser
from contextlib import ExitStack
from typing import TYPE_CHECKING

from framebus.cli.console import console
from framebus.cli.flags import add_options, options
from framebus.cli.parser import Parser, Subparsers
from framebus.cli.stopping import Stopping

if TYPE_CHECKING:
    from framebus.web.serving import Listening, Server

OPTIONS = (
    *("max_fps", "speed", "allow", "insecure", "carrier"),
    *("size", "fps", "input_format", "number", "transport", "backend", "verify", "deadline"),
    *("hwaccel", "crop", "turn", "resize"),
)
"""The options of the vocabulary that have a flag here."""

PATIENCE_S = 3600.0

_DESCRIPTION = """\
Show streams live in a browser: cameras, other machines, files, and without a SOURCE all streams of this machine. Opens
at localhost:8080; the link it prints holds a token, without which nobody sees anything. Runs until Ctrl-C."""

_EXAMPLES = """\
examples
  framebus web                                    all streams of this machine
  framebus web rtsp://user:password@cam.local/main camera:0
  framebus web tcp://:5555 --insecure             whoever sends here, old imageZMQ senders too
  framebus web --listen :8080                     for other machines, by the link it prints
  framebus web --listen :443 --certificate cert.pem --key key.pem"""


def add_parser(subparsers: Subparsers[Parser]) -> None:
    """Add `framebus web`."""
    parser = subparsers.add_parser(
        "web", usage="framebus web [SOURCE…] [--FLAG …]", description=_DESCRIPTION, epilog=_EXAMPLES
    )
    parser.add_argument(
        "sources", nargs="*", metavar="SOURCE", help="what to show (default: shm://, all of this machine)"
    )
    page = parser.add_argument_group("page: where it is, and who sees it")
    page.add_argument("--listen", metavar="[HOST]:PORT", help="where; :8080 is for the network (localhost:8080)")
    page.add_argument("--token", metavar="TEXT", help="the token in the link (one made once and kept)")
    page.add_argument("--no-token", action="store_true", help="let in every program of this machine")
    page.add_argument("--name", action="append", default=[], metavar="HOST", help="a name the page is reached by, too")
    page.add_argument("--certificate", metavar="FILE", help="PEM file: the page is https:// then")
    page.add_argument("--key", metavar="FILE", help="the key of the certificate, PEM")
    page.add_argument("--open", action="store_true", help="open it in a browser")
    add_options(parser, OPTIONS)


def run(arguments: argparse.Namespace) -> int:
    """Serve until somebody stops it; the exit code."""
    from framebus.web.serving import LISTEN, Listening

    listening = Listening.parse(arguments.listen or LISTEN)
    with Stopping() as stopping, _server(arguments, listening) as server:
        server.start()
        link = server.url(_reachable(listening))
        console.say(announcement(server, listening))
        print(link, flush=True)  # not said on the console, where tokens are hidden
        if arguments.open:
            webbrowser.open(link)
        while not stopping.wait(PATIENCE_S):
            pass
    return 0


def announcement(server: Server, listening: Listening) -> str:
    """What is shown, and to whom."""
    shown = f"showing {', '.join(server.page.places)} to whoever opens this link"
    if listening.local:
        return f"{shown}, on this machine:"
    unencrypted = "" if server.scheme == "https" else "; link and pictures travel unencrypted"
    return f"{shown}, from any machine that reaches this one{unencrypted}:"


def _server(arguments: argparse.Namespace, listening: Listening) -> Server:
    from framebus.web.page import Page
    from framebus.web.serving import Server

    wishes = options(arguments, OPTIONS)
    token = _token(arguments, listening)
    with ExitStack() as made:
        listener = listening.bound()
        made.callback(listener.close)
        cookie = f"framebus-{listener.getsockname()[1]}"
        page = made.enter_context(Page(*arguments.sources, token=token, names=arguments.name, cookie=cookie, **wishes))
        server = Server(page, listener, certificate=arguments.certificate, key=arguments.key)
        made.pop_all()
    return server


def _token(arguments: argparse.Namespace, listening: Listening) -> str | None:
    from framebus.core.errors import OptionError
    from framebus.web import token

    if not arguments.no_token:
        return arguments.token or token.lasting()
    if arguments.token or not listening.local:
        raise OptionError("--no-token is for this machine only: leave out --listen and --token, or --no-token")
    return None


def _reachable(listening: Listening) -> str:
    """The host as others write it."""
    if listening.local:
        return "localhost"
    host = listening.host or socket.gethostname()
    return f"[{host}]" if ":" in host else host
