"""Who plays in rounds: `python -m framebus.stress.players send ADDRESS COUNT GROUP`, and so on."""

from __future__ import annotations

import itertools
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import framebus as fb
from framebus.core import addresses
from framebus.core.frame import Frame
from framebus.core.registry import SINKS
from framebus.stress.numbered_pictures import number_of, picture


def send(address: str, count: str, group: str) -> None:
    """Pictures 0 to `count` - 1, each owed to `group`."""
    with fb.publish(address, wait_for=[group], patience="1h") as out:
        for number in range(int(count)):
            out.send(picture(number))
    print("sent", flush=True)


def jump(address: str, count: str, group: str) -> None:
    """As `send`, a little slower; the wall clock is set an hour back or forth every hundred pictures."""
    true_ns, hour_ns, offsets = time.time_ns, 3600 * 10**9, itertools.cycle((1, -1, 0))
    with fb.publish(address, wait_for=[group], patience="1h") as out:
        for number in range(int(count)):
            if number % 100 == 0:
                time.time_ns = partial(_shifted, true_ns, next(offsets) * hour_ns)
            out.send(picture(number))
            time.sleep(0.001)


def _shifted(true_ns: Callable[[], int], offset_ns: int) -> int:
    return true_ns() + offset_ns


def save(address: str, group: str, file: str) -> None:
    """The numbers of what comes, a line each, until the publisher closes."""
    with fb.open(address, group=group, keep="all") as source, Path(file).open("a", buffering=1) as lines:
        print("ready", flush=True)
        for frame in source:
            print(number_of(frame.image), file=lines)
    print("ended", flush=True)


def record(file: str) -> None:
    """Pictures into a recording, for ever; says `written 17` when number 17 is in the file."""
    path = addresses.Path(file)
    sink = SINKS.get(Path(file).suffix[1:])(path)
    for number in itertools.count():
        frame = Frame.of(picture(number), stream="cam", run=7, seq=number, captured_ns=10**18 + number * 10**7)
        sink.write(frame, lambda number=number: print(f"written {number}", flush=True))


def watch(address: str) -> None:
    """Says how many frames came, ten times a second, for ever; live."""
    with fb.open(address, keep="latest") as source:
        print("ready", flush=True)
        said = time.monotonic()
        for count, _ in enumerate(source, 1):
            if time.monotonic() > said + 0.1:
                said = time.monotonic()
                print(f"seen {count}", flush=True)


def film(address: str) -> None:
    """A camera: a hundred pictures a second, for ever."""
    with fb.publish(address, patience=0, insecure=True) as out:
        for number in itertools.count():
            out.send(picture(number))
            time.sleep(0.01)


def crawl(address: str) -> None:
    """A viewer that holds every frame for a second."""
    with fb.open(address, keep="all") as source:
        print("ready", flush=True)
        for _ in source:
            time.sleep(1.0)


PLAYERS = {play.__name__: play for play in (send, jump, save, record, watch, film, crawl)}

if __name__ == "__main__":
    PLAYERS[sys.argv[1]](*sys.argv[2:])
