"""A frame that another thread gives back lets the next one come, though whoever wants it is asleep by then."""

from __future__ import annotations

import queue
import threading
from pathlib import Path

import numpy as np
import pytest

import framebus as fb
from framebus.testing.children import PATIENCE_S

FRAMES = 100
"""So many that waiting for the clock each time would take too long."""


@pytest.mark.parametrize("scheme", ["shm", "ipc"])
def test_whoever_waits_need_not_wait_for_the_clock(scheme: str, tmp_path: Path) -> None:
    address = "shm://given-back" if scheme == "shm" else f"ipc://{tmp_path}/given-back"
    given_back: queue.SimpleQueue[fb.Frame | None] = queue.SimpleQueue()
    over = threading.Event()
    with fb.publish(address) as out, fb.open(address) as source:

        def publish() -> None:
            while not over.is_set():
                out.send(np.zeros((4, 4), np.uint8))
                over.wait(0.0005)

        def give_back() -> None:
            while (item := given_back.get()) is not None:
                source.done(item)

        def read() -> None:
            for _ in range(FRAMES):
                given_back.put(source.take(None))
            given_back.put(None)

        threads = [threading.Thread(target=target) for target in (publish, give_back, read)]
        for thread in threads:
            thread.start()
        threads[-1].join(PATIENCE_S)
        reading = threads[-1].is_alive()
        over.set()
        given_back.put(None)
        for thread in threads:
            thread.join()
        assert not reading
