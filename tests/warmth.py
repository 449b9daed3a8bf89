"""Starts what a process starts once and keeps: ZeroMQ's threads, the reactor, what frees pixels, uvloop's pipe."""

from __future__ import annotations

import asyncio

import zmq

from framebus.links import doorman, sockets
from framebus.web import event_loop


def warm() -> None:
    """Serve admissions, run a loop as the page's, and send one frame-sized message to ourselves without a copy."""
    event_loop.run(asyncio.sleep(0))
    doorman.on_duty()
    context = sockets.context()
    with context.socket(zmq.PAIR) as one, context.socket(zmq.PAIR) as other:
        one.linger = other.linger = 0
        one.bind("inproc://warmth")
        other.connect("inproc://warmth")
        one.send(bytes(1 << 20), copy=False)
        other.recv(copy=False)
