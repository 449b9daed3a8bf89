"""A hub that listens in: tells of each picture once, until it knows all. MODULE ADDRESS KIND"""

from __future__ import annotations

import json
import sys
from importlib import import_module

import cv2
import numpy as np

from tests.compat.imagezmq.pictures import JPG_PICTURES, PICTURES, facts

imagezmq = import_module(sys.argv[1])
image_hub = imagezmq.ImageHub(open_port=sys.argv[2], REQ_REP=False)
wanted = len(PICTURES if sys.argv[3] == "image" else JPG_PICTURES)
seen: set[str] = set()
while len(seen) < wanted:
    if sys.argv[3] == "image":
        name, image = image_hub.recv_image()
    else:
        name, jpg_buffer = image_hub.recv_jpg()
        image = cv2.imdecode(np.frombuffer(jpg_buffer, dtype="uint8"), -1)
    if str(name) not in seen:
        seen.add(str(name))
        print(json.dumps([name, facts(image)]))
    cv2.rectangle(image, (1, 1), (5, 5), 255, 1)
