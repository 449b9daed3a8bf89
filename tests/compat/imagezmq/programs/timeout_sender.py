"""A sender that makes itself anew whenever the hub is silent for too long. MODULE ADDRESS COUNT"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

import numpy as np
import zmq

imagezmq = import_module(sys.argv[1])
image = np.zeros((48, 64, 3), np.uint8)


def start() -> Any:
    fresh = imagezmq.ImageSender(connect_to=sys.argv[2])
    fresh.zmq_socket.setsockopt(zmq.LINGER, 0)
    fresh.zmq_socket.setsockopt(zmq.RCVTIMEO, 300)
    fresh.zmq_socket.setsockopt(zmq.SNDTIMEO, 300)
    return fresh


sender = start()
replies = 0
while replies < int(sys.argv[3]):
    try:
        sender.send_image("camera", image)
        replies += 1
        print("reply", replies, flush=True)
    except (zmq.ZMQError, zmq.ContextTerminated, zmq.Again):
        print("silence", flush=True)
        sender.close()
        sender = start()
sender.close()
