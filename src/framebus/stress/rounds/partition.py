"""R6: the cable between sender and reader is cut, silently, and put together again."""

from __future__ import annotations

import time

import framebus as fb
from framebus.stress.apart import THEIRS, OtherSide
from framebus.stress.trial import Trial

CUTS = 2
CUT_S = (2.0, 6.0)
PORT = 5555


def attempt(trial: Trial) -> None:
    """A reader here, a sender there: pictures stop, and come again without anybody's help; what was missed is told."""
    with OtherSide() as there:
        address = f"tcp://{THEIRS}:{PORT}/cam"
        sender = trial.python(*there.inside, "framebus.stress.players", "film", address)
        with fb.open(address, keep="latest", insecure=True, timeout=60) as reader:
            seqs = [reader.read().seq]
            missed = 0
            for _ in range(CUTS):
                missed += _read_until(reader, seqs, time.time_ns() + 5 * 10**8)
                there.cut()
                time.sleep(trial.chance.uniform(*CUT_S))
                there.heal()
                healed = time.monotonic()
                missed += _read_until(reader, seqs, time.time_ns())
                trial.measure("together until a picture", (time.monotonic() - healed) * 1e3, "ms", most=500)
                trial.count("cuts")
        trial.check(sender.process.poll() is None, f"the sender ended\n{sender.stderr}")
    real = seqs[-1] - seqs[0] + 1 - len(seqs)
    trial.count("frames", len(seqs))
    trial.count("missed", real)
    trial.check(missed == real, f"{real} frames were missed, {missed} were told")


def _read_until(reader: fb.Source, seqs: list[int], captured_ns: int) -> int:
    """Read until a picture was taken after that time; how many frames were told to be missed."""
    missed = 0
    while True:
        frame = reader.read()
        seqs.append(frame.seq)
        missed += frame.missed
        if frame.captured_ns > captured_ns:
            return missed
