"""A sender in a `with` statement, from the machine's name. MODULE ADDRESS PATTERN(req|pub)"""

from __future__ import annotations

import socket
import sys
from importlib import import_module

import numpy as np

imagezmq = import_module(sys.argv[1])
image = np.full((48, 64, 3), 7, np.uint8)
with imagezmq.ImageSender(sys.argv[2], REQ_REP=sys.argv[3] == "req") as sender:
    for _ in range(3):
        print(sender.send_image(socket.gethostname(), image))
