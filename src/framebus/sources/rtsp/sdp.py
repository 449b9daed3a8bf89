"""What a camera says it has (SDP, RFC 8866): the one video track we can read, and how to ask for it."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator

import msgspec

from framebus.core.errors import BadFrame, Unavailable
from framebus.sources.rtsp.messages import shown

MAX_LINES = 2048
CODECS = {"H264": "h264", "H265": "h265", "HEVC": "h265"}
_CLOCK_HZ = 90_000
_MAX_SETS = 64
_STATIC = {"26": "JPEG", "31": "H261", "32": "MPV", "33": "MP2T", "34": "H263"}
_SETS_H265 = ("sprop-vps", "sprop-sps", "sprop-pps")


class NotReadHere(Unavailable):
    """The camera works, but sends what our client cannot read; FFmpeg may."""


class Track(msgspec.Struct, frozen=True):
    """A video track."""

    codec: str
    """`h264` or `h265`."""
    payload_type: int
    clock_hz: int
    control: str
    """What to set up, as the camera wrote it: relative or absolute; empty where there is one track without a name."""
    aggregate: str = ""
    """What to play, where the camera names it."""
    sets: tuple[bytes, ...] = ()
    """Parameter sets without start codes."""
    finite: bool = False
    """True for a recording, which ends; cameras go on."""


class _Media(msgspec.Struct):
    """One `m=` section."""

    kind: str
    formats: list[str]
    attributes: list[tuple[str, str]] = []

    def of(self, name: str, format: str) -> str:
        """The value of `a=name:format value`."""
        values = (value.partition(" ") for key, value in self.attributes if key == name)
        return next((rest.strip() for number, _, rest in values if number == format), "")

    def codec(self, format: str) -> str:
        """The name of a format in upper case: `H264`."""
        return self.of("rtpmap", format).partition("/")[0].upper() or _STATIC.get(format, format[:20])


def video_track(body: bytes) -> Track:
    """The first track of H.264 or H.265. Raises `BadFrame` for what is no SDP, `NotReadHere` for other codecs."""
    session, medias = _sections(body)
    videos = [media for media in medias if media.kind == "video"]
    for media in videos:
        for format in media.formats:
            if media.codec(format) in CODECS:
                return _track(session, media, format)
    offered = ", ".join(shown(media.codec(format), 20).strip("'") for media in videos for format in media.formats[:8])
    raise NotReadHere(
        f"it offers no video that is read here ({offered or 'no video at all'}): "
        'set it to H.264 or H.265, or try backend="ffmpeg"'
    )


def fmtp(text: str) -> dict[str, str]:
    """`packetization-mode=1; sprop-parameter-sets=…` as a dict, names in lower case."""
    pairs = (part.partition("=") for part in text.split(";")[:64])
    return {name.strip().lower(): value.strip() for name, _, value in pairs if name.strip()}


def _sections(body: bytes) -> tuple[_Media, list[_Media]]:
    session = _Media(kind="session", formats=[])
    medias: list[_Media] = []
    for letter, value in _pairs(body):
        if letter == "m":
            words = value.split()
            medias.append(_Media(kind=words[0].lower() if words else "", formats=words[3:][:64]))
        elif letter == "a":
            name, _, rest = value.partition(":")
            (medias[-1] if medias else session).attributes.append((name.strip().lower(), rest.strip()))
    return session, medias


def _pairs(body: bytes) -> Iterator[tuple[str, str]]:
    lines = body.decode("latin-1").replace("\r", "\n").split("\n")
    if len(lines) > MAX_LINES:
        raise BadFrame(f"a description of {len(lines)} lines is refused: {MAX_LINES} at most")
    for line in lines:
        letter, equals, value = line.strip().partition("=")
        if equals and len(letter) == 1:
            yield letter, value.strip()


def _track(session: _Media, media: _Media, format: str) -> Track:
    _, _, clock = media.of("rtpmap", format).partition("/")
    codec, options = CODECS[media.codec(format)], fmtp(media.of("fmtp", format))
    _check_packing(options)
    if not format.isascii() or not format.isdigit() or not 0 <= int(format[:4]) <= 127:
        raise BadFrame(f"{shown(format)} is no payload type")
    return Track(
        codec=codec,
        payload_type=int(format),
        clock_hz=_clock_hz(clock),
        control=_attribute(media, "control"),
        aggregate=_attribute(session, "control").removeprefix("*"),
        sets=_sets(codec, options),
        finite=_ends(_attribute(session, "range") or _attribute(media, "range")),
    )


def _check_packing(options: dict[str, str]) -> None:
    """Packets in another order than the pictures are a mode that no camera seems to use."""
    if options.get("packetization-mode", "") == "2" or options.get("sprop-max-don-diff", "0") != "0":
        raise NotReadHere('it sends interleaved pictures, which are not read here: try backend="ffmpeg"')


def _attribute(media: _Media, name: str) -> str:
    return next((value for key, value in media.attributes if key == name), "")


def _clock_hz(text: str) -> int:
    digits = text.partition("/")[0]
    if not digits.isascii() or not digits.isdigit() or not 1000 <= int(digits[:10]) <= 10**9:
        return _CLOCK_HZ
    return int(digits[:10])


def _ends(text: str) -> bool:
    """`npt=0-12.5` ends; `npt=now-`, `npt=0-` and no range at all do not."""
    return text.startswith("npt=") and text.rpartition("-")[2].strip() not in ("", "now")


def _sets(codec: str, options: dict[str, str]) -> tuple[bytes, ...]:
    """Parameter sets, those that are damaged left out: most cameras also send them with the pictures."""
    names = ("sprop-parameter-sets",) if codec == "h264" else _SETS_H265
    texts = [text for name in names for text in options.get(name, "").split(",")][:_MAX_SETS]
    return tuple(data for text in texts if (data := _unpacked(text)))


def _unpacked(text: str) -> bytes:
    try:
        return base64.b64decode(text.strip() + "=" * (-len(text.strip()) % 4), validate=True)
    except (binascii.Error, ValueError):
        return b""
