"""S4: the same frames with keys and without, over TCP between two processes; time and processor for each megabyte.

Beside them the same bytes over bare ZeroMQ, which encrypts for us: how fast that is here is not up to framebus.
"""

from __future__ import annotations

import os
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import zmq

import framebus as fb
from framebus.session.feed import AHEAD_FRAMES
from framebus.stress.trial import Trial
from framebus.testing.keyholders import Machines, using

FRAMES = {100_000: 600, 6_000_000: 40}
"""How many of each size, in bytes: a JPEG, and raw pictures of 1920 x 1080."""
MOST_MS = {100_000: 1.25, 6_000_000: 2.5}
"""For each megabyte, with keys: 800 and 400 MB/s."""
WARM = 5
WAIT_MS = 60_000


def attempt(trial: Trial) -> None:
    """Each size, with keys and without, in turn."""
    machines = Machines(trial.folder, trial.port())
    invited = machines.invite("screen")
    for size, count in FRAMES.items():
        named = f"{size / 1e6:g} MB"
        plain = _ms_per_mb(trial, f"tcp://127.0.0.1:{trial.port()}", "", size, count, None)
        keyed = _ms_per_mb(trial, machines.address, machines.everywhere, size, count, invited)
        trial.measure(f"{named} without keys", plain[0], "ms/MB")
        trial.measure(f"{named} with keys", keyed[0], "ms/MB", most=MOST_MS[size])
        trial.measure(f"{named} with keys, processor of the sender", keyed[1], "ms/MB")
        trial.measure(f"{named} with keys, bare ZeroMQ", _bare_ms_per_mb(trial, size, count), "ms/MB")


def _ms_per_mb(
    trial: Trial, address: str, everywhere: str, size: int, count: int, keys: Path | None
) -> tuple[float, float]:
    """Time and the sender's processor time, in milliseconds for each megabyte, from the first frame to the last."""
    child = trial.python("-m", __name__, "framebus", everywhere or address, str(size), str(count))
    child.wait_line("^listening$")
    with ExitStack() as stack:
        if keys is not None:
            stack.enter_context(using(keys))
        source = stack.enter_context(fb.open(address, listen=False, keep="all", carrier="tcp", timeout="60s"))
        picture = _picture(size)
        began = seen = 0.0
        for number, frame in enumerate(source):
            if number == WARM:
                began = time.perf_counter()
            seen += 1
            if number in (0, count - 1):
                trial.check(np.array_equal(frame.image, picture), f"frame {number} came damaged")
        took_ms = (time.perf_counter() - began) * 1000
    trial.check(seen == count, f"{seen:.0f} of {count} frames came")
    trial.count("frames", count)
    child.wait()
    megabytes = (count - WARM) * size / 1e6
    return took_ms / megabytes, float(child.wait_line(r"^(\S+) ms$")[1]) / megabytes


def _bare_ms_per_mb(trial: Trial, size: int, count: int) -> float:
    """What is to be had: PUSH and PULL, encrypted, nobody asks for anything."""
    public, secret = zmq.curve_keypair()
    with zmq.Context() as context, context.socket(zmq.PULL) as socket:
        socket.curve_server, socket.curve_publickey, socket.curve_secretkey = True, public, secret
        socket.rcvtimeo, socket.rcvhwm = WAIT_MS, AHEAD_FRAMES
        port = socket.bind_to_random_port("tcp://127.0.0.1")
        child = trial.python("-m", __name__, "bare", f"tcp://127.0.0.1:{port}", public.decode(), str(size), str(count))
        began = 0.0
        for number in range(count):
            socket.recv(copy=False)
            began = time.perf_counter() if number == WARM else began
        took_ms = (time.perf_counter() - began) * 1000
    child.wait()
    return took_ms / ((count - WARM) * size / 1e6)


def _picture(size: int) -> np.ndarray:
    """Nothing that repeats, so that nothing can be saved."""
    return np.random.default_rng(size).integers(0, 256, size, np.uint8)


def send(address: str, size: str, count: str) -> None:
    """The process that publishes: a reader is waited for, and gets every frame."""
    picture = _picture(int(size))
    with fb.publish(f"{address}/cam", listen=True, wait_for=1, when_full="wait") as out:
        print("listening", flush=True)
        before = None
        for _ in range(int(count)):
            out.send(picture)
            before = os.times() if before is None else before
    after = os.times()
    assert before is not None  # noqa: S101
    print((after.user + after.system - before.user - before.system) * 1000, "ms", flush=True)


def send_bare(address: str, server: str, size: str, count: str) -> None:
    """The process that publishes without framebus."""
    picture = _picture(int(size))
    with zmq.Context() as context, context.socket(zmq.PUSH) as socket:
        socket.curve_publickey, socket.curve_secretkey = zmq.curve_keypair()
        socket.curve_serverkey = server.encode()
        socket.sndhwm, socket.linger = AHEAD_FRAMES, WAIT_MS
        socket.connect(address)
        for _ in range(int(count)):
            socket.send(picture.data, copy=False)


if __name__ == "__main__":
    role, *words = sys.argv[1:]
    if role == "bare":
        send_bare(*words)
    else:
        send(*words)
