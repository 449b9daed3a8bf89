"""What a `send` costs while nobody reads: `python -m benchmarks.send_alone`."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

from benchmarks.harness.findings import block_medians, notes, page
from benchmarks.harness.frames import SIZES, Array, Frames
from benchmarks.harness.processes import Child, free_ports
from benchmarks.harness.program import Options, measure
from benchmarks.harness.rounds import Values
from benchmarks.peers import at
from benchmarks.peers.base import Send, Wire

_CALLS = 500


def framebus_send(wire: Wire) -> Send:
    """A live publisher."""
    import framebus as fb

    return fb.publish(wire.address()).send


def pyzmq_send(wire: Wire) -> Send:
    """A bare PUB socket."""
    return at("pyzmq_peer", "PubSub")().sender(wire)


def imagezmq_send(wire: Wire) -> Send:
    """imagezmq with PUB/SUB."""
    return at("imagezmq_peer", "PubSub")().sender(wire)


TRANSPORTS: dict[str, Callable[[Wire], Send]] = {
    "framebus": framebus_send,
    "pyzmq-pub": pyzmq_send,
    "imagezmq-pubsub": imagezmq_send,
}


def main() -> None:
    """Measure, print, keep."""
    told = _options().told()
    frames = Frames(SIZES[told.size], window=4)
    cells = {name: partial(per_call, make, frames, told.batches) for name, make in TRANSPORTS.items()}
    measure("send_alone", {f"{told.size} frames, nobody reads": cells}, render, told)


def per_call(make: Callable[[Wire], Send], frames: Frames, batches: int) -> Values:
    """Time per call over batches of calls, in a process of its own."""
    with Child(_send_batches, make, frames, batches) as child:
        return child.result(60)


def _send_batches(make: Callable[[Wire], Send], frames: Frames, batches: int) -> Values:
    send = make(Wire(free_ports(1), lossless=False))
    frame = frames.numbered(1)
    took_us = [_batch(send, frame) for _ in range(batches + 2)][2:]
    return {"send_us": float(np.median(took_us)), "send_p95_us": float(np.quantile(took_us, 0.95))}


def _batch(send: Send, frame: Array) -> float:
    began = time.perf_counter_ns()
    for _ in range(_CALLS):
        send(frame)
    return (time.perf_counter_ns() - began) / _CALLS / 1e3


def render(data: Mapping[str, Any]) -> str:
    """The table."""
    columns = {"send_us": "µs per send", "send_p95_us": "95 % of batches below"}
    return page(*block_medians(data["values"], TRANSPORTS, columns), notes(data))


def _options() -> Options:
    told = Options("send_alone", __doc__, quick="fewer batches and rounds")
    told.add_argument("--size", choices=SIZES, default="920KB")
    told.add_length("--batches", 100, 20, f"batches of {_CALLS} calls")
    told.add_length("--rounds", 5, 2, "paired rounds")
    return told


if __name__ == "__main__":
    main()
