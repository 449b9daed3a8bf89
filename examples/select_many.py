"""Wait for many sources at once with `selectors`, next to sockets, serial ports and whatever else has a `fileno`.

python select_many.py [SOURCE...] [--frames N]
"""

import argparse
import selectors
from collections import Counter

import framebus as fb

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("source", nargs="*", default=["synthetic:radar", "synthetic:bars", "synthetic:stars"])
parser.add_argument("--frames", type=int, default=60, help="stop after so many in all (default: 60)")
arguments = parser.parse_args()

seen: Counter[str] = Counter()
with selectors.DefaultSelector() as ready:
    sources = [fb.open(address) for address in arguments.source]
    for source in sources:
        ready.register(source, selectors.EVENT_READ, source)
    while seen.total() < arguments.frames:
        for key, _ in ready.select():
            frame = key.data.read(timeout=0)
            seen[frame.stream] += 1
    for source in sources:
        source.close()
print(dict(seen))
