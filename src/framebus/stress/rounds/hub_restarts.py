"""R4: a hub is killed and started again; senders that connect to it and viewers of what it relays are left alone."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import framebus as fb
from framebus.memory.pool import supported
from framebus.stress.trial import Trial
from framebus.testing.children import Child

SENDERS = 8
RESTARTS = 4
STEP_S = 0.01


def attempt(trial: Trial) -> None:
    """Every sender's pictures must come again after each restart."""
    port = trial.port()
    hub = _hub(trial, port)
    with _sending(port), fb.open(_watched(port), keep="latest", timeout=60) as viewer:
        _all_come(trial, viewer, 0)
        for _ in range(RESTARTS):
            hub.kill()
            time.sleep(trial.chance.uniform(0.0, 0.5))
            hub = _hub(trial, port)
            hub.wait_line("listening")
            listening = time.monotonic()
            _all_come(trial, viewer, time.time_ns())
            trial.measure("hub listens until all are seen", (time.monotonic() - listening) * 1e3, "ms", most=1500)
            trial.count("restarts")
    trial.count("senders", SENDERS)
    trial.check(hub.process.poll() is None, f"the hub ended by itself\n{hub.stderr}")


def _watched(port: int) -> str:
    return "shm://cam-*" if supported() else f"tcp://localhost:{port + 1}"


def _hub(trial: Trial, port: int) -> Child:
    sink = "shm://" if supported() else f"tcp://localhost:{port + 1}"
    return trial.framebus("pipe", f"tcp://localhost:{port}", sink, "--listen")


def _all_come(trial: Trial, viewer: fb.Source, since_ns: int) -> None:
    """Pictures captured after `since_ns` have come from each sender."""
    missing = {f"cam-{number}" for number in range(SENDERS)}
    until = time.monotonic() + 30
    while missing:
        frame = viewer.read(timeout=30)
        if frame.captured_ns >= since_ns:
            missing.discard(frame.stream)
        trial.check(time.monotonic() < until, f"stuck: {sorted(missing)}")


@contextmanager
def _sending(port: int) -> Iterator[None]:
    """Senders that know nothing of what happens."""
    over = threading.Event()
    threads = [threading.Thread(target=_send, args=(port, number, over)) for number in range(SENDERS)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()


def _send(port: int, number: int, over: threading.Event) -> None:
    from framebus.stress.numbered_pictures import picture

    with fb.publish(f"tcp://localhost:{port}/cam-{number}", listen=False, patience=0) as out:
        while not over.wait(STEP_S):
            out.send(picture(number))
