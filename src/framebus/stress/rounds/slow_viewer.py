"""R11: good viewers beside one that crawls, one that is stopped, and one that never says a word."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psutil

import framebus as fb
from framebus.memory.pool import supported
from framebus.stress.numbered_pictures import picture
from framebus.stress.trial import Trial
from framebus.testing.children import Child

FPS = 100
LOOK_S = 1.5
ROOM = 64 << 20
"""By so much the publisher may grow: `retain` is less."""


def attempt(trial: Trial) -> None:
    """What good viewers see before and while bad ones are there; what the publisher needs for them."""
    port = trial.port()
    local = supported() and trial.chance.random() < 0.5
    address = "shm://cam" if local else f"tcp://localhost:{port}/cam"
    with _publishing(address):
        viewers = [trial.python("-m", "framebus.stress.players", "watch", address) for _ in range(2)]
        for viewer in viewers:
            viewer.wait_line("^seen")
        before = _rates(trial, viewers)
        memory = psutil.Process().memory_info().rss
        with _bad_ones(trial, address, None if local else port):
            during = _rates(trial, viewers)
        grown = psutil.Process().memory_info().rss - memory
    trial.count("bad viewers", 3)
    trial.check(min(during) > 0, "a good viewer sees nothing any more")
    trial.check(grown < ROOM, f"the publisher grew by {grown:,} bytes")
    for was, is_now in zip(before, during, strict=True):
        trial.measure("good viewers slower by", max(0.0, 100 * (1 - is_now / was)), "%", most=5)


def _rates(trial: Trial, viewers: list[Child]) -> list[float]:
    """Frames per second that each saw in the next while."""
    counts, began = [_seen(viewer) for viewer in viewers], time.monotonic()
    time.sleep(LOOK_S)
    took_s = time.monotonic() - began
    return [(_seen(viewer) - count) / took_s for viewer, count in zip(viewers, counts, strict=True)]


def _seen(viewer: Child) -> int:
    return int(re.findall(r"^seen (\d+)$", viewer.stdout, re.MULTILINE)[-1])


@contextmanager
def _bad_ones(trial: Trial, address: str, port: int | None) -> Iterator[None]:
    crawling, stopped = (trial.python("-m", "framebus.stress.players", "crawl", address) for _ in range(2))
    for one in (crawling, stopped):
        one.wait_line("^ready$")
    stopped.stop()
    with socket.socket() as silent:
        if port is not None:
            silent.connect(("127.0.0.1", port))
        yield
    stopped.cont()


@contextmanager
def _publishing(address: str) -> Iterator[None]:
    over = threading.Event()

    def publish() -> None:
        with fb.publish(address, retain="16MB", patience=0) as out:
            number = 0
            while not over.wait(1 / FPS):
                number += 1
                out.send(picture(number))

    thread = threading.Thread(target=publish)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
