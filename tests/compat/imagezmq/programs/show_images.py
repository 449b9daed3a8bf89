"""A hub that replies: draws on what comes and tells what it was, until the end. MODULE ADDRESS KIND"""

from __future__ import annotations

import json
import sys
from importlib import import_module

import cv2
import numpy as np

from tests.compat.imagezmq.pictures import END, facts

imagezmq = import_module(sys.argv[1])
image_hub = imagezmq.ImageHub(open_port=sys.argv[2])
print("ready", flush=True)
while True:
    if sys.argv[3] == "image":
        name, image = image_hub.recv_image()
    else:
        name, jpg_buffer = image_hub.recv_jpg()
        image = cv2.imdecode(np.frombuffer(jpg_buffer, dtype="uint8"), -1)
    if name == END:
        image_hub.send_reply(b"bye")
        break
    print(json.dumps([name, facts(image)]))
    cv2.rectangle(image, (1, 1), (5, 5), 255, 1)
    image_hub.send_reply(b"OK")
