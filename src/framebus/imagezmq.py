"""imageZMQ's `ImageSender` and `ImageHub`, for programs written for it.

    from framebus import imagezmq            # instead of: import imagezmq

    hub = imagezmq.ImageHub()
    while True:
        name, image = hub.recv_image()
        hub.send_reply(b"OK")

Either end may be the imagezmq package, any version that speaks 1.0's messages; see `docs/howto/imagezmq.md`.
"""

from __future__ import annotations

from framebus.compat.imagezmq.image_hub import ImageHub
from framebus.compat.imagezmq.image_timeout import ImageTimeout
from framebus.compat.imagezmq.received_picture import JpgBuffer
from framebus.compat.imagezmq.sender import ImageSender

__all__ = ["ImageHub", "ImageSender", "ImageTimeout", "JpgBuffer"]

__version__ = "1.2.0"
"""The version of imageZMQ whose public classes these are."""
