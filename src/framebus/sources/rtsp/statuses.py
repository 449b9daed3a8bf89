"""What a refusal of a camera means, and what to do about it."""

from __future__ import annotations

from framebus.sources.rtsp.messages import Response, shown

_ADVICE = {
    400: 'it does not understand the request: check the path, or try backend="ffmpeg"',
    403: "the user may not see it: allow it in the camera, or use another user",
    404: "there is no such path: look it up in the camera's manual, it follows the host in the address",
    406: 'it cannot describe this path in a way that is read here: try backend="ffmpeg"',
    415: "it cannot send this path: check the path",
    451: 'it does not know a parameter: try backend="ffmpeg"',
    453: "it serves no more viewers: close one, or read this stream from one framebus",
    455: "it cannot do that now: try again",
    459: "this path is no single stream: check the path",
    460: "this path is no group of streams: check the path",
    500: "it has a fault: restart it if that stays so",
    503: "it is busy or still starting: try again",
    505: 'it speaks another version of RTSP: try backend="ffmpeg"',
}


def refusal(where: str, method: str, response: Response) -> str:
    """A line for people about an answer that is not 2xx."""
    advice = _ADVICE.get(response.status, "see the camera's log")
    return f"{where} refuses {method} ({response.status} {shown(response.reason, 60)}): {advice}"
