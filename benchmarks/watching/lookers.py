"""Viewers that cost little: each takes what a server sends to a browser, and looks at none of it.

A looker is called with the server's port and a function to call with every picture that came; it runs for ever.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import time
from collections.abc import Callable
from functools import partial
from typing import Any

MOST_OWED, LATER_S = 8, 0.3
"""As in the page's `wire.js`."""

Seen = Callable[[], object]


def page(port: int, seen: Seen, how: str) -> None:
    """One tile of framebus's page, acknowledged as the page does: pictures at once, coded video a few at a time."""
    from websockets.sync.client import connect

    from framebus.web.page_messages import JPEG, unpack

    headers = {"Origin": f"http://localhost:{port}"}
    with connect(
        f"ws://localhost:{port}/ws", additional_headers=headers, max_size=None, compression=None, proxy=None
    ) as line:
        line.send(json.dumps({"op": "watch", "tile": 1, "stream": "127.0.0.1", "how": how, "width": 1280}))
        owed, last = 0, time.monotonic()
        for message in line:
            if isinstance(message, bytes):
                picture, tile, number, _ = unpack(message)
                owed, now = owed + 1, time.monotonic()
                if picture.kind == JPEG or owed >= MOST_OWED or now - last >= LATER_S:
                    line.send(json.dumps({"op": "seen", "tiles": {tile: number}}))
                    owed, last = 0, now
                seen()


def multipart(port: int, seen: Seen) -> None:
    """JPEGs one after the other in one answer that does not end."""
    line = http.client.HTTPConnection("127.0.0.1", port)
    line.request("GET", "/video")
    answer = line.getresponse()
    while data := answer.read1(1 << 20):
        for _ in range(data.count(b"--frame")):
            seen()


def webrtc(port: int, seen: Seen) -> None:
    """A connection that decodes, since it gives nothing else."""
    asyncio.run(_receive(port, seen))


async def _receive(port: int, seen: Seen) -> None:
    from aiortc import RTCPeerConnection, RTCSessionDescription

    peer, tracks = RTCPeerConnection(), asyncio.Queue[Any]()
    peer.addTransceiver("video", direction="recvonly")
    peer.on("track", tracks.put_nowait)
    await peer.setLocalDescription(await peer.createOffer())
    offer = {"sdp": peer.localDescription.sdp, "type": peer.localDescription.type}
    line = http.client.HTTPConnection("127.0.0.1", port)
    line.request("POST", "/offer", json.dumps(offer))
    await peer.setRemoteDescription(RTCSessionDescription(**json.load(line.getresponse())))
    track = await tracks.get()
    while True:
        await track.recv()
        seen()


LOOKERS: dict[str, Callable[[int, Seen], None]] = {
    **{how: partial(page, how=how) for how in ("webcodecs", "mse", "jpeg")},
    "multipart": multipart,
    "webrtc": webrtc,
}
