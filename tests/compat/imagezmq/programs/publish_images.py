"""A sender that never waits: every picture again and again, until it is killed. MODULE ADDRESS KIND"""

from __future__ import annotations

import sys
import time
from importlib import import_module

import cv2

from tests.compat.imagezmq.pictures import JPG_PICTURES, PICTURES

imagezmq = import_module(sys.argv[1])
sender = imagezmq.ImageSender(connect_to=sys.argv[2], REQ_REP=False)
print("ready", flush=True)
while True:
    if sys.argv[3] == "image":
        for name, image in PICTURES.values():
            sender.send_image(name, image)
    else:
        for key in JPG_PICTURES:
            name, image = PICTURES[key]
            done, jpg_buffer = cv2.imencode(".jpg", image, [int(cv2.IMWRITE_JPEG_QUALITY), 95])
            sender.send_jpg(name, jpg_buffer)
    time.sleep(0.02)
