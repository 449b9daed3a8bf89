"""Collects the spectra that workers send, each once, whoever made it; knows when all have arrived.

python sink.py [--at ADDRESS] [--frames N] [--insecure]
"""

import argparse
from itertools import islice

import framebus as fb

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--at", default="tcp://localhost:5558", help="tcp://:5558 is for other machines, too")
parser.add_argument("--frames", type=int, default=60, help="how many there are (default: 60)")
parser.add_argument("--insecure", action="store_true", help="anybody on the network may send results")
arguments = parser.parse_args()

numbers = set[int]()
with fb.open(arguments.at, listen=True, keep="all", insecure=arguments.insecure) as results:
    for result in islice(results, arguments.frames):
        numbers.add(result.seq)
        print(f"#{result.seq}: brightest {result.image.max()}, mean {result.image.mean():.1f}", flush=True)
print(f"{len(numbers)} results, none missing: {numbers == set(range(arguments.frames))}")
