"""A sender that waits for replies: every picture once, as an image or a JPEG, then the end. MODULE ADDRESS KIND"""

from __future__ import annotations

import sys
from importlib import import_module

import cv2
import numpy as np

from tests.compat.imagezmq.pictures import END, JPG_PICTURES, PICTURES

imagezmq = import_module(sys.argv[1])
sender = imagezmq.ImageSender(connect_to=sys.argv[2])
if sys.argv[3] == "image":
    for name, image in PICTURES.values():
        print(sender.send_image(name, image))
    sender.send_image(END, np.zeros((2, 2), np.uint8))
else:
    for key in JPG_PICTURES:
        name, image = PICTURES[key]
        done, jpg_buffer = cv2.imencode(".jpg", image, [int(cv2.IMWRITE_JPEG_QUALITY), 95])
        print(sender.send_jpg(name, jpg_buffer))
    sender.send_jpg(END, jpg_buffer)
