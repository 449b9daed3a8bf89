"""A worker of the older image-folder program, as a program of its own: asks for paths, resizes, answers.

python old_worker.py ROUTER PUBLISHER FOLDER NUMBER [MANNERS]

It makes a file FOLDER/../marks/NUMBER once it has done (or failed to do) a picture, and prints how many it did.
"""

from __future__ import annotations

import os
import pickle
import sys
import time
from pathlib import Path
from typing import Any

import cv2
import zmq

POLL_MS = 100
SIZE = 24, 16
PAIR = 2
"""One that is fair answers nothing before so many have had a picture: else the first there might do all of them."""


class Reduced:
    """A pickle that would run something."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, ("pwned",)


def resized(path: str, folder: Path, manners: str) -> int:
    """Make the output; 1 where it did."""
    image = cv2.imread(path)
    if image is None or manners == "failing":
        return 0
    encoded = cv2.imencode(".jpg", cv2.resize(image, SIZE))[1].tobytes()
    half = manners in ("dying", "cutting")
    if manners != "lying":
        (folder / os.path.basename(path)).write_bytes(encoded[: len(encoded) // 2] if half else encoded)
    return 1


def rubbish(dealer: zmq.Socket[bytes]) -> None:
    """What nobody should say."""
    dealer.send_multipart([b"", b"rsp", pickle.dumps(Reduced())])
    dealer.send_multipart([b"", b"rsp", b"\x80\x04nonsense"])
    dealer.send_multipart([b"", b"hello", b"", b"", b"", b"", b""])
    dealer.send_multipart([b"rsp"])
    dealer.send_multipart([b"", b"rsp", pickle.dumps({"incoming_image": "/etc/passwd", "worker_id": 1, "status": 1})])
    dealer.send_multipart([b"", b"rsp", pickle.dumps({"incoming_image": 7, "worker_id": "x", "status": 5})])


def work(dealer: zmq.Socket[bytes], path: str, folder: Path, number: int, manners: str) -> None:
    """One picture, from beginning to answer."""
    status = resized(path, folder, manners)
    marks = folder.parent / "marks"
    (marks / str(number)).touch()
    while manners == "fair" and len(os.listdir(marks)) < PAIR:
        time.sleep(0.01)
    if manners == "dying":
        os._exit(3)
    while manners == "hanging":
        time.sleep(60)
    said = {"incoming_image": path, "worker_id": number, "status": status}
    dealer.send_multipart([b"", b"rsp", pickle.dumps(said)])


def main(router: str, publisher: str, folder: str, number: str, manners: str = "") -> None:
    """Until it is told to quit."""
    context = zmq.Context()
    dealer, listener = context.socket(zmq.DEALER), context.socket(zmq.SUB)
    dealer.connect(router)
    listener.connect(publisher)
    listener.subscribe(b"")
    poller = zmq.Poller()
    poller.register(dealer, zmq.POLLIN)
    poller.register(listener, zmq.POLLIN)
    if manners == "rubbish":
        rubbish(dealer)
    asked, did = False, 0
    while True:
        if not asked:
            dealer.send_multipart([b"", b"req", b""])
            asked = True
        ready = dict(poller.poll(POLL_MS))
        if listener in ready and listener.recv_multipart()[0] == b"quit":
            break
        if dealer in ready:
            work(dealer, dealer.recv_multipart()[1].decode(), Path(folder), int(number), manners)
            asked, did = False, did + 1
    print(did, flush=True)
    context.destroy(linger=0)


if __name__ == "__main__":
    main(*sys.argv[1:])
