"""Show streams in a browser from a program of your own, with what it found drawn over the pictures.

python web_page.py [SOURCE...] [--frames N]
"""

import argparse
import itertools

import framebus as fb
from framebus.web import Listening, Page, Server, token

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("source", nargs="*", default=["synthetic:balls"])
parser.add_argument("--listen", default="localhost:0")
parser.add_argument("--frames", type=int, help="stop after so many (default: Ctrl-C)")
arguments = parser.parse_args()

page = Page("shm://", token=token.lasting())
with Server(page, Listening.parse(arguments.listen).bound()) as server, fb.publish("shm://") as out:
    server.start()
    print(f"open {server.url()}", flush=True)
    for frame in itertools.islice(fb.open(*arguments.source), arguments.frames):
        height, width = frame.shape[:2]
        found = [width / 4, height / 4, width / 2, height / 2, "the middle", 0.9]
        out.send(frame.replace(meta={"boxes": [found]}))
    print("done", flush=True)
