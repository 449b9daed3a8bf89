"""R12: a reader four times too slow for its camera is shown the newest picture, and memory stays where it is."""

from __future__ import annotations

import threading
import time
from statistics import median

import framebus as fb
from framebus.memory.pool import supported
from framebus.stress.numbered_pictures import picture
from framebus.stress.trial import Trial

FPS = 50
SLOWER = 4
FRAMES = 60


def attempt(trial: Trial) -> None:
    """Ages of what a slow reader gets: small, and not growing; every gap told."""
    local = supported() and trial.chance.random() < 0.5
    address = "shm://cam" if local else f"tcp://localhost:{trial.port()}/cam"
    over = threading.Event()
    thread = threading.Thread(target=_film, args=(address, over))
    thread.start()
    ages: list[float] = []
    seqs: list[int] = []
    missed = 0
    try:
        with fb.open(address, keep="latest", timeout=30) as source:
            while len(ages) < FRAMES:
                frame = source.read()
                ages.append(frame.age_s)
                missed += frame.missed if seqs else 0
                seqs.append(frame.seq)
                time.sleep(SLOWER / FPS)
    finally:
        over.set()
        thread.join()
    real = seqs[-1] - seqs[0] + 1 - len(seqs)
    trial.count("frames", FRAMES)
    trial.count("skipped", real)
    trial.check(missed == real, f"{real} pictures were skipped, {missed} were told")
    first, last = median(ages[: FRAMES // 3]), median(ages[-FRAMES // 3 :])
    trial.check(last < first + 10 / FPS, f"pictures grow older: {first * 1e3:.0f} ms, later {last * 1e3:.0f} ms")
    for age in ages:
        trial.measure("age when shown", age * 1e3, "ms", most=2 * 1e3 / FPS + 20)


def _film(address: str, over: threading.Event) -> None:
    with fb.publish(address, patience=0) as out:
        next_at = time.monotonic()
        number = 0
        while not over.wait(max(0.0, next_at - time.monotonic())):
            next_at += 1 / FPS
            number += 1
            out.send(picture(number))
