"""Servers that show one camera in a browser, each the way its own documentation has it.

`serve(url, port)` runs for ever, with a page at `/` of `port`, of which `picture` is a JavaScript expression for what
shows the camera.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from typing import Any, NamedTuple

from benchmarks.watching.receivers import LOW_DELAY, SIZE

_TILE = "(window.framebus && framebus.view && framebus.view.tile || {}).player?.element"
_PLAYER = "localStorage.setItem('framebus.player.127.0.0.1', {how!r})"
_ARRAYS = "radar"
DRIFTING_FPS = 29.7
"""Not quite 30, half of what a screen draws: pictures would all wait for it as long as the first one, by chance."""


class Page(NamedTuple):
    """How one server shows a camera."""

    serve: Callable[[str, int], None]
    package: str
    """What it needs."""
    looker: str
    """Who else may look, besides a browser: a key of `LOOKERS`; empty: nobody."""
    picture: str = "document.getElementById('picture')"
    prepare: str = ""
    """JavaScript to run once the page is there; it is opened again afterwards."""
    part: str = ""
    """Which part of the page to look at."""


def framebus(url: str, port: int) -> None:
    """`framebus web URL`."""
    _shown(url, port)


def framebus_arrays(url: str, port: int) -> None:
    """`framebus web synthetic:radar`: pictures that are arrays, coded as JPEG for whoever looks. No camera."""
    _shown(f"synthetic:{_ARRAYS}", port, size=SIZE, fps=DRIFTING_FPS)


def _shown(place: str, port: int, **options: Any) -> None:
    from framebus.web.opening import Wanted, opened

    wanted = Wanted(places=(place,), listen=f"localhost:{port}", no_token=True, options=options)
    with opened(wanted) as server:
        server.start()
        threading.Event().wait()


def aiortc(url: str, port: int) -> None:
    """A `MediaPlayer` whose pictures a relay gives to one connection for each viewer, which code them as H.264."""
    from aiortc import RTCPeerConnection, RTCRtpSender, RTCSessionDescription
    from aiortc.contrib.media import MediaPlayer, MediaRelay
    from starlette.requests import Request
    from starlette.responses import HTMLResponse, JSONResponse, Response
    from starlette.routing import Route

    relay, peers = MediaRelay(), list[Any]()
    codecs = [codec for codec in RTCRtpSender.getCapabilities("video").codecs if codec.mimeType == "video/H264"]

    @cache
    def player() -> Any:
        return MediaPlayer(url, options=LOW_DELAY)

    async def home(request: Request) -> Response:
        return HTMLResponse(_WEBRTC)

    async def offer(request: Request) -> Response:
        peer = RTCPeerConnection()
        peers.append(peer)
        await peer.setRemoteDescription(RTCSessionDescription(**await request.json()))
        peer.addTrack(relay.subscribe(player().video, buffered=False))
        peer.getTransceivers()[0].setCodecPreferences(codecs)
        await peer.setLocalDescription(await peer.createAnswer())
        return JSONResponse({"sdp": peer.localDescription.sdp, "type": peer.localDescription.type})

    _run([Route("/", home), Route("/offer", offer, methods=["POST"])], port)


def webgear(url: str, port: int) -> None:
    """vidgear's WebGear, with whole pictures instead of its quarter less, and OpenCV told to be quick."""
    os.environ["OPENCV_FFMPEG_CAPTURE_OPTIONS"] = "|".join(f"{name};{value}" for name, value in LOW_DELAY.items())
    import uvicorn
    from starlette.requests import Request
    from starlette.responses import HTMLResponse, Response
    from starlette.routing import Route
    from vidgear.gears.asyncio import WebGear

    async def home(request: Request) -> Response:
        return HTMLResponse('<!doctype html><img id="picture" src="/video">')

    web = WebGear(source=url, skip_generate_webdata=True, frame_size_reduction=0)
    web.routes.append(Route("/", home))
    uvicorn.run(web(), host="127.0.0.1", port=port, log_level="error")


def _run(routes: list[Any], port: int) -> None:
    import uvicorn
    from starlette.applications import Starlette

    uvicorn.run(Starlette(routes=routes), host="127.0.0.1", port=port, log_level="error")


_WEBRTC = """<!doctype html><video id="picture" muted autoplay playsinline></video><script type="module">
const peer = new RTCPeerConnection();
peer.addTransceiver('video', {direction: 'recvonly'});
peer.ontrack = ({track}) => { document.getElementById('picture').srcObject = new MediaStream([track]); };
await peer.setLocalDescription(await peer.createOffer());
await new Promise(done => { peer.onicegatheringstatechange = () => peer.iceGatheringState === 'complete' && done(); });
const {sdp, type} = peer.localDescription;
const answer = await fetch('/offer', {method: 'POST', body: JSON.stringify({sdp, type})});
await peer.setRemoteDescription(await answer.json());
</script>"""


def _ours(how: str) -> Page:
    return Page(framebus, "websockets", how, _TILE, _PLAYER.format(how=how), "#/127.0.0.1")


PAGES = {
    "framebus, WebCodecs": _ours("webcodecs"),
    "framebus, MSE": _ours("mse"),
    "framebus, JPEG": _ours("jpeg"),
    "framebus, arrays": Page(framebus_arrays, "websockets", "", _TILE, "0", f"#/{_ARRAYS}"),
    "aiortc": Page(aiortc, "aiortc", "webrtc"),
    "WebGear": Page(webgear, "vidgear", "multipart"),
}


def why_not(name: str) -> str:
    """Why this one cannot be measured here; empty where it can."""
    from tests.web.browser import executable

    needed = ("av", "starlette", "uvicorn", PAGES[name].package)
    missing = next((package for package in needed if not find_spec(package)), None)
    if missing:
        return f"no {missing}"
    return "" if executable() else "no Chromium"
