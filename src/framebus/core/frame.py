"""What travels: a frame of pixels, or a packet of coded camera video, each with the header that names it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import msgspec
import numpy as np
import numpy.typing as npt

from framebus.core import clock
from framebus.core.errors import BadFrame
from framebus.core.formats import as_bgr, as_gray, as_rgb, convert, guess_format, preferred_format

Array = npt.NDArray[Any]
NO_META: Mapping[str, Any] = MappingProxyType({})


@runtime_checkable
class Coded(Protocol):
    """An encoded, self-contained image (JPEG, PNG, LZ4 …) that can become an array when somebody looks."""

    @property
    def encoding(self) -> str:
        """The registry name of the encoding, e.g. `jpeg`."""
        ...

    @property
    def data(self) -> memoryview:
        """The encoded bytes."""
        ...

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the decoded array."""
        ...

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the decoded array."""
        ...

    def decode(self) -> Array:
        """The array; raises `BadFrame` when the bytes are not the image they claim to be."""
        ...


class Identity(msgspec.Struct, frozen=True, order=True):
    """Which frame this is, for ever: the stream, the publisher's start, and the number since then."""

    stream: str
    run: int
    seq: int


class Frame(msgspec.Struct, frozen=True, eq=False, weakref=True, kw_only=True):
    """One picture, immutable, with the header that says which one it is and when it was taken.

    Make one with `Frame.of(array, …)`; sources and readers make the rest. `stream`, `run` (a random 64-bit id
    of the publisher's start) and `seq` (0, 1, 2 … within a run) identify a frame for ever.

    Thread-safe: everything but the caches behind `data`, `image` and friends is frozen, and filling a cache
    twice gives the same pixels.
    """

    content: Array | Coded
    """The pixels as carried: an array or an encoded image. Prefer `data` and `image`."""
    stream: str = ""
    run: int = 0
    seq: int = 0
    captured_ns: int = 0
    """UTC nanoseconds since 1970 at capture, by the capturing machine's clock."""
    captured_mono_ns: int = 0
    """Monotonic nanoseconds at capture, comparable only on the boot named by `clock`."""
    clock: str = ""
    format: str = "array"
    """How to read the pixels: `bgr24`, `rgb24`, `gray8`, `gray16`, `i420` or `array` (anything else)."""
    meta: Mapping[str, Any] = NO_META
    """JSON-able data that travels with the pixels."""
    extra: tuple[tuple[str, Array], ...] = ()
    """More named arrays in the same frame (`arrays`); the picture itself is not among them."""
    missed: int = 0
    """How many frames of this stream this reader missed immediately before this one."""
    wanted: str = ""
    """The pixel format the reader asked for; empty means BGR for colour and as made otherwise."""
    _data: Array | None = None
    _image: Array | None = None

    @classmethod
    def of(
        cls,
        image: Array | Coded,
        *,
        format: str | None = None,
        stream: str = "",
        meta: Mapping[str, Any] | None = None,
        arrays: Mapping[str, Array] | None = None,
        captured_ns: int | None = None,
        run: int = 0,
        seq: int = 0,
    ) -> Frame:
        """A frame around `image`, shape `(height, width[, channels])`, stamped with the time of now.

        Three channels of `uint8` are taken as BGR and two dimensions as gray unless `format` says otherwise.
        The array is not copied; do not change it afterwards. Raises `BadFrame` for object arrays and for a
        `format` that does not fit the array.
        """
        return cls(
            content=image,
            stream=stream,
            run=run,
            seq=seq,
            captured_ns=clock.utc_ns() if captured_ns is None else captured_ns,
            captured_mono_ns=clock.mono_ns() if captured_ns is None else 0,
            clock=clock.boot_id() if captured_ns is None else "",
            format=guess_format(image.shape, image.dtype, format),
            meta=NO_META if meta is None else meta,
            extra=() if arrays is None else tuple(arrays.items()),
        )

    @property
    def identity(self) -> Identity:
        """Stream, run and number."""
        return Identity(self.stream, self.run, self.seq)

    @property
    def data(self) -> Array:
        """The array as carried, read-only; decoded on first use when the frame is encoded."""
        if self._data is None:
            content = self.content
            array = content if isinstance(content, np.ndarray) else content.decode()
            msgspec.structs.force_setattr(self, "_data", _read_only(array))
        assert self._data is not None  # noqa: S101  (set just above; tells the type checker)
        return self._data

    @property
    def image(self) -> Array:
        """The picture in the format the reader asked for (BGR for colour by default), read-only."""
        if self._image is None:
            target = self.wanted or preferred_format(self.format)
            array = self.data if target in (self.format, "native") else convert(self.data, self.format, target)
            msgspec.structs.force_setattr(self, "_image", _read_only(array))
        assert self._image is not None  # noqa: S101  (set just above; tells the type checker)
        return self._image

    @property
    def arrays(self) -> Mapping[str, Array]:
        """All named arrays of the frame; the picture is under `image`."""
        return {"image": self.data, **dict(self.extra)}

    @property
    def bgr(self) -> Array:
        """The picture as `(height, width, 3)` uint8, blue first."""
        return _read_only(as_bgr(self.data, self.format))

    @property
    def rgb(self) -> Array:
        """The picture as `(height, width, 3)` uint8, red first."""
        return _read_only(as_rgb(self.data, self.format))

    @property
    def gray(self) -> Array:
        """The picture as `(height, width)`, in its own depth."""
        return _read_only(as_gray(self.data, self.format))

    @property
    def age_s(self) -> float:
        """Seconds since capture, by the monotonic clock on the capturing machine and by UTC elsewhere."""
        return clock.age_s(self.captured_ns, self.captured_mono_ns, self.clock)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of `data`, known without decoding."""
        return tuple(self.content.shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of `data`, known without decoding."""
        return self.content.dtype

    @property
    def nbytes(self) -> int:
        """Bytes the frame carries: the encoded size when it is encoded."""
        content = self.content
        own = content.nbytes if isinstance(content, np.ndarray) else content.data.nbytes
        return own + sum(array.nbytes for _, array in self.extra) if self.extra else own

    if not TYPE_CHECKING:  # checkers find these mistakes by themselves

        def __getitem__(self, index: object) -> Any:
            raise TypeError("a Frame is no array: its picture is frame.image, to read, or frame.copy(), to write to")

        def __array__(self, *args: object, **kwargs: object) -> Any:
            return self[()]

    def copy(self) -> Array:
        """A writable copy of `image`, to draw on or to keep."""
        return self.image.copy()

    def __repr__(self) -> str:
        size = "x".join(map(str, (*self.shape[1::-1], *self.shape[2:])))
        return f"<Frame {self.seq} of {self.stream or 'no stream'}: {size} {self.dtype} {self.format}>"

    def replace(self, **changes: Any) -> Frame:
        """The same frame with some header fields changed; pixels are shared."""
        return msgspec.structs.replace(self, **changes)


class Packet(msgspec.Struct, frozen=True, eq=False, weakref=True, kw_only=True):
    """One access unit of coded video; not a picture by itself, since most depend on those before them."""

    data: memoryview
    codec: str
    key: bool
    pts: int
    dts: int
    config: bytes = b""
    """Codec configuration (parameter sets), where a decoder needs it before the first packet."""
    stream: str = ""
    run: int = 0
    seq: int = 0
    captured_ns: int = 0
    captured_mono_ns: int = 0
    clock: str = ""
    meta: Mapping[str, Any] = NO_META
    missed: int = 0

    @property
    def identity(self) -> Identity:
        """Stream, run and number."""
        return Identity(self.stream, self.run, self.seq)

    @property
    def age_s(self) -> float:
        """Seconds since capture, like `Frame.age_s`."""
        return clock.age_s(self.captured_ns, self.captured_mono_ns, self.clock)

    @property
    def nbytes(self) -> int:
        """Bytes of coded data."""
        return self.data.nbytes

    if not TYPE_CHECKING:  # checkers know what there is

        def __getattr__(self, name: str) -> Any:
            if name not in _OF_PICTURES:
                raise AttributeError(f"a Packet has no attribute {name!r}", name=name, obj=self)
            raise AttributeError(
                f"a Packet has no {name}: it is coded video ({self.codec}), no picture. For pictures leave out "
                "packets=True (--packets), or put the op decode before what works on them"
            )

    def __repr__(self) -> str:
        key = ", a key frame" if self.key else ""
        return f"<Packet {self.seq} of {self.stream or 'no stream'}: {self.codec}, {self.nbytes} bytes{key}>"

    def replace(self, **changes: Any) -> Packet:
        """The same packet with some header fields changed."""
        return msgspec.structs.replace(self, **changes)


_OF_PICTURES = frozenset({"arrays", "bgr", "content", "copy", "dtype", "format", "gray", "image", "rgb", "shape"})
"""What a frame has and coded video has not."""


def _read_only(array: Array) -> Array:
    if not array.flags.writeable:
        return array
    if array.dtype.hasobject:
        raise BadFrame(f"arrays of {array.dtype} cannot be frames: only numbers travel")
    view = array.view()
    view.flags.writeable = False
    return view
