"""A program that makes a clip and publishes it in a loop: `python -m framebus.cli.demo.looping FILE ADDRESS`."""

from __future__ import annotations

import signal
import sys
from types import FrameType

from framebus.core.publisher import Publisher

CLIP_FRAMES = 300
"""How many pictures the clip has; its numbers run from 0 to one less, again and again."""


def main(path: str, address: str) -> None:
    """Make the clip at `path`, then play it at `address` until somebody stops this process."""
    from framebus.core.frame import Frame
    from framebus.testing.sample_video import clip
    from framebus.verbs.open import open
    from framebus.verbs.publish import publish

    clip(path, CLIP_FRAMES, "320x240", pattern="radar")
    with publish(address) as out:
        print(f"listening on {_bound(address, out)}", file=sys.stderr, flush=True)
        while True:
            with open(path, speed=1, keep="all") as source:
                for frame in source:
                    if isinstance(frame, Frame):
                        out.send(frame.replace(run=0))  # this program's own numbers go on and on


def _bound(address: str, out: Publisher) -> str:
    """The address, with the port that the system chose."""
    where = str(getattr(out, "where", address))
    return where if where == address else f"{where}/{address.rpartition('/')[2]}"


def _stop(number: int, frame: FrameType | None) -> None:
    raise SystemExit


if __name__ == "__main__":
    for wish in (signal.SIGINT, signal.SIGTERM):
        signal.signal(wish, _stop)
    main(*sys.argv[1:3])
