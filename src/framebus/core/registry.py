"""Where sources, sinks, ops and encodings are found by name: ours in the tables here, strangers' by entry points.

A package adds its own with an entry point in the group `framebus.sources`, `framebus.sinks`, `framebus.ops` or
`framebus.encodings`; its name is the scheme, file extension, op or encoding. Nothing is imported before it is
used.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from framebus.core.errors import AddressError, Error, OptionError, Unavailable
from framebus.core.options import nearest

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

T = TypeVar("T")

EXTRAS: Mapping[str, str] = {
    "av": "video",
    "cv2": "opencv",
    "distributed": "dask",
    "h5py": "hdf5",
    "mss": "screen",
    "pygame": "window",
    "starlette": "web",
    "uvicorn": "web",
    "uvloop": "web",
    "websockets": "web",
}
"""Third-party packages that come with an extra of framebus."""


class Registry(Generic[T]):
    """Things by name, imported when first asked for. Thread-safe: all threads get the same thing."""

    def __init__(
        self,
        group: str,
        builtin: Mapping[str, str],
        *,
        noun: str | None = None,
        error: type[Error] = AddressError,
    ) -> None:
        """`builtin` maps names to `module:attribute`; `group` is the entry point group after `framebus.`.

        `noun` says what is looked up and `error` is raised for unknown names.
        """
        self.group = group
        self._builtin = dict(builtin)
        self._noun = noun or group.removesuffix("s")
        self._error = error
        self._loaded: dict[str, T] = {}

    def names(self) -> list[str]:
        """All known names, sorted; entry points included."""
        return sorted({*self._builtin, *self._strangers})

    def __contains__(self, name: object) -> bool:
        return name in self._builtin or name in self._strangers

    def get(self, name: str) -> T:
        """The thing called `name`.

        Raises the registry's error naming the nearest known names, or two packages that both claim it, and
        `Unavailable` when a package it needs is not installed.
        """
        if name not in self._loaded:
            self._loaded[name] = self._load(name)
        return self._loaded[name]

    def duplicates(self) -> dict[str, list[str]]:
        """Names claimed more than once, with who claims them: ours are used, strangers' refuse to load."""
        claims = {name: [_whose(point) for point in points] for name, points in self._strangers.items()}
        for name in claims.keys() & self._builtin.keys():
            claims[name].insert(0, "framebus")
        return {name: owners for name, owners in sorted(claims.items()) if len(owners) > 1}

    def _load(self, name: str) -> T:
        if name in self._builtin:
            return self._import(name, self._builtin[name])
        points = self._strangers.get(name)
        if points is None:
            raise self._error(f"unknown {self._noun} {name!r}: {nearest(name, self.names())}")
        if len(points) > 1:
            owners = " and ".join(sorted(map(_whose, points)))
            raise self._error(f"{self._noun} {name!r} is claimed by {owners}: uninstall all but one")
        return self._import(name, points[0].value)

    def _import(self, name: str, target: str) -> T:
        module, _, attributes = target.partition(":")
        try:
            found: Any = import_module(module)
        except ImportError as error:
            raise Unavailable(_advice(f"{self._noun} {name!r}", error)) from error
        for attribute in attributes.split("."):
            found = getattr(found, attribute)
        return cast(T, found)

    @cached_property
    def _strangers(self) -> dict[str, list[EntryPoint]]:
        from importlib.metadata import entry_points

        found: dict[str, list[EntryPoint]] = {}
        for point in _distinct(entry_points(group=f"framebus.{self.group}")):
            found.setdefault(point.name, []).append(point)
        return found


def _distinct(points: Iterable[EntryPoint]) -> Iterable[EntryPoint]:
    """Without those that a second copy of the same package on the path repeats."""
    return {(point.name, point.value): point for point in points}.values()


def _whose(point: EntryPoint) -> str:
    return point.dist.name if point.dist is not None else point.value


def _advice(what: str, error: ImportError) -> str:
    missing = (error.name or "").partition(".")[0]
    if missing in EXTRAS:
        return f"{what} needs the package {missing}: pip install 'framebus[{EXTRAS[missing]}]'"
    if isinstance(error, ModuleNotFoundError) and missing and missing != "framebus":
        return f"{what} needs the module {missing}, which is not installed: install the package it is from"
    return f"{what} cannot be loaded: {error}"


VIDEOS = ("avi", "h264", "m4v", "mkv", "mov", "mp4", "ts", "webm")
"""What files of coded video end in."""
_IMAGES = ("folder", "images", "jpeg", "jpg", "png")
_HDF5 = ("h5", "hdf5")
_TIFF = ("tif", "tiff")
_READ_ONLY_IMAGES = ("bmp", "webp")

_DIALECTS = ("imagezmq", "netgear", "pyzmq")
_STREAMED = ("rtmp", "rtmps", "srt", "udp")
_CAMERAS = "framebus.sources.cameras"

SOURCES: Registry[Any] = Registry(
    "sources",
    {
        **dict.fromkeys(("rtsp", "rtsps"), f"{_CAMERAS}.rtsp:open_source"),
        **dict.fromkeys(("http", "https"), f"{_CAMERAS}.http:open_source"),
        **dict.fromkeys(_STREAMED, f"{_CAMERAS}.ffmpeg:open_source"),
        "camera": f"{_CAMERAS}.camera:open_source",
        "screen": f"{_CAMERAS}.screen:open_source",
        **dict.fromkeys(_DIALECTS, "framebus.sources.dialects:open_source"),
        "synthetic": "framebus.sources.synthetic.synthetic:open_source",
        **dict.fromkeys((*_IMAGES, *_READ_ONLY_IMAGES), "framebus.sources.folder.images:open_source"),
        **dict.fromkeys(VIDEOS, "framebus.sources.video.video:open_source"),
        **dict.fromkeys(_HDF5, "framebus.sources.hdf5.hdf5:open_source"),
        **dict.fromkeys(_TIFF, "framebus.sources.tiff.tiff:open_source"),
        "zarr": "framebus.sources.zarr.zarr:open_source",
    },
)
"""What makes frames, by scheme or file extension: `open_source(address, **options) -> Maker`."""

SINKS: Registry[Any] = Registry(
    "sinks",
    {
        **dict.fromkeys(_DIALECTS, "framebus.sinks.dialects:open_sink"),
        "null": "framebus.sinks.null:open_sink",
        "window": "framebus.sinks.window.window:open_sink",
        **dict.fromkeys(_IMAGES, "framebus.sinks.folder.images:open_sink"),
        **dict.fromkeys(_HDF5, "framebus.record.hdf5:open_sink"),
        **dict.fromkeys(_TIFF, "framebus.record.tiff:open_sink"),
        "zarr": "framebus.record.zarr:open_sink",
        **dict.fromkeys(("mkv", "mp4"), "framebus.record.video:open_sink"),
    },
)
"""What takes frames, by scheme or file extension: `open_sink(address, **options) -> Sink`."""

_OPS_OF = {
    "coded": ("decode",),
    "colours": ("colour", "colourmap", "convert", "equalise"),
    "cutting": ("crop", "mask", "pad"),
    "drawing": ("draw",),
    "filters": ("blur", "edges", "sharpen"),
    "grays": ("gray", "threshold"),
    "levels": ("invert", "normalise", "window"),
    "passing": ("average", "sample"),
    "scaling": ("resize",),
    "spectrum": ("fft",),
    "turning": ("flip", "rotate"),
}

BUILT_IN_OPS: Mapping[str, str] = {
    name: f"framebus.ops.{module}:{name.capitalize()}" for module, names in _OPS_OF.items() for name in names
}
OPS: Registry[Any] = Registry("ops", BUILT_IN_OPS, error=OptionError)
"""What is done to a picture, by name: a class that is built with the op's arguments and called with pictures."""

ENCODINGS: Registry[Any] = Registry(
    "encodings",
    {name: f"framebus.wire.encodings.{name}:ENCODING" for name in ("jpeg", "lz4", "png", "raw")},
    noun="encoding",
    error=OptionError,
)
"""What turns pixels into bytes and back, by name: an `Encoding`."""
