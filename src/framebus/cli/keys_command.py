"""`framebus keys`: let other machines in over the network, encrypted, and take the right away again."""

from __future__ import annotations

import argparse
import socket
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from framebus.cli.console import console
from framebus.cli.parser import Parser, Subparsers
from framebus.core.hosts import DEFAULT_PORT

if TYPE_CHECKING:
    from framebus.links.keys import KeyStore, Rights

RIGHTS = ("publish", "read", "work", "control")

_DESCRIPTION = """\
Let other machines in over the network, encrypted, and take the right away again.

The machine that listens (a hub, or a publisher that others read from) invites; the other one joins with the line that
`invite` prints. Nothing is sent between them: the line travels by whatever channel you trust."""

_EXAMPLES = """\
examples
  framebus keys invite porch                    prints the line to join with
  framebus keys invite porch | ssh porch framebus keys join
  framebus keys invite screen --read 'yard-*'   may read these, nothing else
  framebus keys list
  framebus keys revoke porch                    ends running links, too"""


def add_parser(subparsers: Subparsers[Parser]) -> None:
    """Add `framebus keys` and its four verbs."""
    parser = subparsers.add_parser("keys", description=_DESCRIPTION, epilog=_EXAMPLES)
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    _add_invite(verbs.add_parser("invite", help="let a machine in: prints the line it joins with"))
    join = verbs.add_parser("join", help="take the line that `invite` printed on another machine")
    join.add_argument("code", nargs="?", metavar="CODE", help="left out: asked for, or read from standard input")
    join.add_argument("--address", default="", metavar="ADDRESS", help="how to reach the other machine from here")
    listing = verbs.add_parser("list", help="who may connect here, and where this machine may")
    listing.add_argument("--json", action="store_true", help="for programs")
    revoke = verbs.add_parser("revoke", help="let a machine in no longer")
    revoke.add_argument("name", metavar="NAME", help="as invited, or an address this machine joined")


def _add_invite(parser: Parser) -> None:
    parser.add_argument("name", metavar="NAME", help="what to call the other machine here")
    own = f"tcp://{_hostname()}:{DEFAULT_PORT}"
    parser.add_argument("--address", default=own, help="how it reaches this machine (%(default)s)")
    rights = parser.add_argument_group(
        "rights", "STREAMS are names, prefixes (yard-*) or *; none given: all but control"
    )
    for right in RIGHTS:
        rights.add_argument(f"--{right}", action="append", default=[], metavar="STREAMS", help=f"may {right} these")
    rights.add_argument("--observe", action="store_true", help="may ask what is published and who reads")


def parse(parser: Parser, arguments: Sequence[str]) -> argparse.Namespace:
    """Each verb answers for its own flags, so that a wrong one is told the nearest of that verb."""
    verbs = next(action for action in parser._actions if isinstance(action, Subparsers)).choices
    if not arguments or arguments[0] not in verbs:
        return parser.parse_strictly(arguments)
    parsed: argparse.Namespace = verbs[arguments[0]].parse_strictly(arguments[1:])
    parsed.verb = arguments[0]
    return parsed


def run(args: argparse.Namespace) -> int:
    """Do what was asked; the exit code. Raises framebus errors, each naming the next step."""
    from framebus.links.keys import KeyStore

    store = KeyStore()
    verbs = {"invite": _invite, "join": _join, "list": _list, "revoke": _revoke}
    verbs[args.verb](store, args)
    return 0


def _invite(store: KeyStore, args: argparse.Namespace) -> None:
    """The code alone goes to standard output, so that it can be piped."""
    code = store.invite(args.name, args.address, rights := _rights(args))
    console.say(f"{args.name} may connect to {args.address} from now on: {rights}")
    console.say(f"there, `framebus keys join` takes this line (who has it can connect as {args.name}):")
    print(code, flush=True)
    console.say(f"if it goes astray: framebus keys revoke {args.name}")


def _join(store: KeyStore, args: argparse.Namespace) -> None:
    if args.code:
        console.say("(this line stays in the shell's history; `framebus keys join` alone asks for it)")
    peer = store.join(args.code or _ask(), args.address)
    console.say(f"{peer.address} knows this machine as {peer.name}; connections to it are encrypted from now on")
    console.say(f"next: framebus info {peer.address}")


def _list(store: KeyStore, args: argparse.Namespace) -> None:
    found = _contents(store)
    if args.json:
        import msgspec

        print(msgspec.json.format(msgspec.json.encode(found), indent=2).decode())
        return
    for client in found["clients"]:
        print(f"{client['name']:<20} {client['key']}…  may {client['may']}")
    for peer in found["peers"]:
        print(f"{peer['address']:<20} {peer['key']}…  knows this machine as {peer['name']}")
    if not found["clients"]:
        console.say("nobody may connect with a key so far: framebus keys invite NAME")


def _revoke(store: KeyStore, args: argparse.Namespace) -> None:
    if ":" in args.name:
        peer = store.forget(args.name)
        console.say(f"this machine has no key for {peer.address} any more; there, revoke {peer.name} as well")
        return
    client = store.revoke(args.name)
    console.say(f"{client.name} may not connect any more; running links let go of it within a second")


def _contents(store: KeyStore) -> dict[str, Any]:
    from framebus.links.keys import key_id

    own = store.own()
    return {
        "folder": str(store.folder),
        "own": key_id(own.public) if own else None,
        "clients": [
            {"name": one.name, "key": key_id(one.public), "rights": one.rights, "may": str(one.rights)}
            for one in store.clients()
        ],
        "peers": [
            {"address": one.address, "key": key_id(one.keys.server_public), "name": one.name} for one in store.peers()
        ],
    }


def _rights(args: argparse.Namespace) -> Rights:
    from framebus.links.keys import USUAL_RIGHTS, Rights

    given = {verb: tuple(getattr(args, verb)) for verb in RIGHTS if getattr(args, verb)}
    if not given and not args.observe:
        return USUAL_RIGHTS
    return Rights(**given, observe=args.observe)


def _ask() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.read(4096)
    from getpass import getpass

    return getpass("The line that `framebus keys invite` printed (not shown here): ")


def _hostname() -> str:
    return socket.gethostname().lower()
