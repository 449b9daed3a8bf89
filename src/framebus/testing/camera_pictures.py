"""What a test camera shows: pictures coded on the spot, with their number in the pixels, or coded ones in a loop."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import msgspec

from framebus.core.errors import BadFrame, OptionError, Unavailable
from framebus.core.units import size as parse_size
from framebus.sources.synthetic.synthetic import Synthetic
from framebus.testing.camera_rtp import payloads, sets_of, split

CODECS = {"h264": "libx264", "h265": "libx265"}
_CLIP_CODECS = {"h264": ("h264", "h264_mp4toannexb"), "hevc": ("h265", "hevc_mp4toannexb")}
_MAX_CLIP = 10_000


class CodedPicture(msgspec.Struct, frozen=True, dict=True):
    """One access unit, ready to be shown."""

    data: bytes
    """Annex B, with start codes; a key frame begins with its parameter sets."""
    key: bool
    codec: str
    captured_ns: int = 0
    """UTC nanoseconds at capture; when it is shown, for pictures shown again and again."""

    @cached_property
    def payloads(self) -> tuple[bytes, ...]:
        """As RTP carries it."""
        return payloads(self.codec, split(self.data))

    @cached_property
    def sets(self) -> tuple[bytes, ...]:
        """The parameter sets in it, without start codes."""
        return sets_of(self.codec, split(self.data))


class Reel(Protocol):
    """Gives a camera its pictures."""

    codec: str
    size: str
    """`WIDTHxHEIGHT`, or nothing where it is not known."""

    @property
    def sets(self) -> tuple[bytes, ...]:
        """The parameter sets of the next pictures, without start codes."""
        ...

    def next(self, key: bool) -> CodedPicture:
        """The next picture, a key frame when `key`."""
        ...


class Encoder:
    """Codes moving pictures as they are asked for: `framebus.sources.stamp.read` finds number and capture time.

    codec  `h264` or `h265`
    size   `WIDTHxHEIGHT`
    fps    told to the codec; pacing is up to who asks
    gop    every so many pictures one is a key frame
    number the first picture's

    Raises `OptionError`, and `Unavailable` where PyAV or the codec is missing.
    """

    def __init__(
        self, codec: str = "h264", size: str = "320x240", fps: float = 25, gop: int = 25, number: int = 0
    ) -> None:
        if codec not in CODECS:
            raise OptionError(f"codec={codec!r} is not made here: give {' or '.join(CODECS)}")
        self.codec = codec
        self.size = size
        self._pictures = Synthetic("camera", size=size, fps=0)
        self._gop = gop
        self._coder = _coder(codec, parse_size(size), fps, gop)
        self._number = number
        self._since_key = 0
        self._ticks = 0

    @cached_property
    def sets(self) -> tuple[bytes, ...]:
        """The parameter sets of the next pictures; to be asked for before the first one."""
        packets = self._coder.encode(self._shot(self._pictures.frame(0).data, key=True))
        self._since_key = self._gop  # nobody sees this one: the next has to stand alone
        return sets_of(self.codec, split(b"".join(map(bytes, packets))))

    def next(self, key: bool) -> CodedPicture:
        """Make and code the next picture now."""
        frame = self._pictures.frame(self._number)
        key = key or self._since_key >= self._gop
        packets = self._coder.encode(self._shot(frame.data, key))
        data, key = b"".join(map(bytes, packets)), any(packet.is_keyframe for packet in packets)
        self._number += 1
        self._since_key = 1 if key else self._since_key + 1
        return CodedPicture(data, key, self.codec, frame.captured_ns)

    @property
    def number(self) -> int:
        """The next picture's number."""
        return self._number

    def _shot(self, image: Any, key: bool) -> Any:
        import av
        from av.video.frame import PictureType

        shot = av.VideoFrame.from_ndarray(image, "bgr24").reformat(format="yuv420p")
        shot.pts = self._ticks = self._ticks + 1
        shot.pict_type = PictureType.I if key else PictureType.NONE
        return shot


class Loop:
    """Shows the same coded pictures again and again, which costs nothing; the first has to be a key frame."""

    def __init__(self, pictures: Iterable[CodedPicture]) -> None:
        self._pictures = tuple(pictures)
        if not self._pictures or not self._pictures[0].key or not self._pictures[0].sets:
            raise OptionError("these pictures do not begin with a key frame and its parameter sets: encode them anew")
        self.codec = self._pictures[0].codec
        self.size = ""
        self.sets = self._pictures[0].sets
        self._places = itertools.cycle(range(len(self._pictures)))

    def next(self, key: bool) -> CodedPicture:
        """The next one; with `key` the next key frame."""
        place = next(self._places)
        while key and not self._pictures[place].key:
            place = next(self._places)
        return self._pictures[place]


def encode(
    count: int, *, codec: str = "h264", size: str = "320x240", fps: float = 25, gop: int = 25
) -> list[CodedPicture]:
    """`count` pictures coded in advance, for `TestCamera(pictures=…)`. Raises like `Encoder`."""
    encoder = Encoder(codec, size, fps, gop)
    return [encoder.next(key=False) for _ in range(count)]


def clip_of(path: str | Path) -> list[CodedPicture]:
    """The coded pictures of a video file, H.264 or H.265 without pictures that lean on later ones.

    Raises `BadFrame` for others, `Unavailable` where PyAV is missing.
    """
    av = _av()
    with av.open(str(path)) as file:
        stream = file.streams.video[0]
        if stream.codec_context.name not in _CLIP_CODECS or stream.codec_context.has_b_frames:
            raise BadFrame(f"{path} cannot be shown by a camera: it takes H.264 and H.265 without B frames")
        codec, filter = _CLIP_CODECS[stream.codec_context.name]
        packets = _annexb(file, stream, av.BitStreamFilterContext(filter, stream))
        return [
            CodedPicture(bytes(packet), packet.is_keyframe, codec) for packet in itertools.islice(packets, _MAX_CLIP)
        ]


def _annexb(file: Any, stream: Any, filter: Any) -> Iterator[Any]:
    for packet in file.demux(stream):
        yield from filter.filter(packet if packet.size else None)


def _coder(codec: str, size: tuple[int, int], fps: float, gop: int) -> Any:
    from fractions import Fraction

    coder = _av().CodecContext.create(CODECS[codec], "w")
    coder.width, coder.height = size
    coder.pix_fmt = "yuv420p"
    coder.framerate = Fraction(fps or 25).limit_denominator(1000)
    coder.time_base = 1 / coder.framerate
    coder.options = {
        "preset": "ultrafast",
        "tune": "zerolatency",
        "forced-idr": "1",
        **({"x265-params": f"{_X265}:keyint={gop}"} if codec == "h265" else {"g": str(gop), "threads": "1"}),
    }
    return coder


_X265 = "log-level=none:repeat-headers=1:frame-threads=1:pools=1:scenecut=0"


def _av() -> Any:
    try:
        import av
    except ImportError:
        raise Unavailable('a test camera codes its pictures with PyAV: pip install "framebus[video]"') from None
    return av
