"""The options of `imagezmq+tcp://`, `netgear+tcp://` and `pyzmq+tcp://`."""

from __future__ import annotations

from framebus.core import values
from framebus.core.option import Option

SOCKETS = ("sub", "pull", "req", "pub", "push", "rep", "pair")
MESSAGES = ("pickle", "recipe")

DIALECT_OPTIONS = (
    Option(
        name="socket",
        group="deliver",
        parse=values.choice(*SOCKETS),
        choices=SOCKETS,
        allowed="'sub', 'pull' or 'req' to read; 'pub', 'push', 'rep', or to NetGear 'pair', 'req' or 'pub' to write",
        default_text="sub to read, pub to write, pair to NetGear",
        help="pyzmq+tcp and netgear+tcp: our kind of ZeroMQ socket; req asks a camera server to read, rep is one",
    ),
    Option(
        name="message",
        group="write",
        parse=values.choice(*MESSAGES),
        choices=MESSAGES,
        allowed="'pickle' or 'recipe'",
        default_text="pickle",
        help="pyzmq+tcp: what is sent, a pickled array (behind a topic for pub) or pyzmq's array recipe",
    ),
)
