"""The hubs that are compared: each takes frames from all senders for ever and shows every array to the board."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np

from benchmarks.fan_in.board import Board

Hub = Callable[[int, Board], None]


def framebus_hub(port: int, board: Board) -> None:
    """`fb.open` as a hub that keeps every frame."""
    import framebus as fb

    with fb.open(f"tcp://127.0.0.1:{port}", listen=True, keep="all") as source:
        for frame in source:
            board.arrived(frame.image)


def framebus_newest_hub(port: int, board: Board) -> None:
    """`fb.open` as a hub the way people type it: the newest frame of every live sender."""
    import framebus as fb

    with fb.open(f"tcp://127.0.0.1:{port}", listen=True) as source:
        for frame in source:
            board.arrived(frame.image)


def imagezmq_hub(port: int, board: Board) -> None:
    """imagezmq's ImageHub with REQ/REP, answering at once."""
    import imagezmq

    hub = imagezmq.ImageHub(f"tcp://127.0.0.1:{port}")
    while True:
        _, frame = hub.recv_image()
        hub.send_reply(b"OK")
        board.arrived(frame)


def router_hub(port: int, board: Board) -> None:
    """A bare ROUTER: as little Python per frame as a hub can have."""
    import zmq

    socket = zmq.Context().socket(zmq.ROUTER)
    socket.bind(f"tcp://127.0.0.1:{port}")
    while True:
        _, header, pixels = socket.recv_multipart()
        told = json.loads(header)
        board.arrived(np.frombuffer(pixels, told["dtype"]).reshape(told["shape"]))
