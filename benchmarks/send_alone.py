"""What a `send` costs while nobody reads: `python -m benchmarks.send_alone`."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

from benchmarks.harness.compare import middle
from benchmarks.harness.frames import SIZES, Frames
from benchmarks.harness.processes import Child, free_ports
from benchmarks.harness.results import Result
from benchmarks.harness.rounds import Values, run
from benchmarks.harness.tables import number, table
from benchmarks.peers.base import Send, Wire

_CALLS = 500


def framebus_send(address: str) -> Send:
    """A live publisher."""
    import framebus as fb

    return fb.publish(address).send


def pyzmq_send(address: str) -> Send:
    """A bare PUB socket."""
    from benchmarks.peers.pyzmq_peer import PubSub

    return PubSub().sender(_wire(address))


def imagezmq_send(address: str) -> Send:
    """imagezmq with PUB/SUB."""
    from benchmarks.peers.imagezmq_peer import PubSub

    return PubSub().sender(_wire(address))


TRANSPORTS: dict[str, Callable[[str], Send]] = {
    "framebus": framebus_send,
    "pyzmq-pub": pyzmq_send,
    "imagezmq-pubsub": imagezmq_send,
}


def _wire(address: str) -> Wire:
    return Wire((int(address.rpartition(":")[2]),), lossless=False)


def main() -> None:
    """Measure, print, keep."""
    told = _arguments()
    result = Result("send_alone")
    frames = Frames(SIZES[told.size], window=4)
    cells = {
        f"{told.size} frames, nobody reads": {
            name: partial(measure, make, frames, told.batches) for name, make in TRANSPORTS.items()
        }
    }
    samples = run(cells, told.rounds, seed=1)
    data = {"rounds": told.rounds, "values": samples.values, "failures": samples.failures}
    print(render(data))
    if told.save:
        print(f"kept in {result.save(data)}")


def measure(make: Callable[[str], Send], frames: Frames, batches: int) -> Values:
    """Time per call over batches of calls, in a process of its own."""
    child = Child(_send_batches, make, frames, batches)
    try:
        return child.result(60)
    finally:
        child.kill()


def _send_batches(make: Callable[[str], Send], frames: Frames, batches: int) -> Values:
    send = make(f"tcp://127.0.0.1:{free_ports(1)[0]}")
    frame = frames.numbered(1)
    per_call = [_batch(send, frame) for _ in range(batches + 2)][2:]
    return {"send_us": float(np.median(per_call)), "send_p95_us": float(np.quantile(per_call, 0.95))}


def _batch(send: Send, frame: Any) -> float:
    began = time.perf_counter_ns()
    for _ in range(_CALLS):
        send(frame)
    return (time.perf_counter_ns() - began) / _CALLS / 1e3


def render(data: Mapping[str, Any]) -> str:
    """The table."""
    parts = []
    for block, metrics in data["values"].items():
        rows = [
            [name, number(middle(metrics["send_us"][name])), number(middle(metrics["send_p95_us"][name]))]
            for name in TRANSPORTS
            if name in metrics["send_us"]
        ]
        parts.append(table([block, "µs per send", "95 % of batches below"], rows))
    parts += [f"- Failed: {cell}: {why.strip().splitlines()[-1]}" for cell, why in data["failures"].items()]
    return "\n\n".join(parts)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.send_alone", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer batches and rounds")
    parser.add_argument("--size", choices=SIZES, default="920KB")
    parser.add_argument("--batches", type=int)
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--no-save", dest="save", action="store_false", help="print only")
    told = parser.parse_args()
    told.batches = told.batches or (20 if told.quick else 100)
    told.rounds = told.rounds or (2 if told.quick else 5)
    return told


if __name__ == "__main__":
    main()
