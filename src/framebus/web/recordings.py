"""The part with the recordings: what is in the folder, playing and fetching it, recording streams into it."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from importlib.util import find_spec
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from framebus.web import replay
from framebus.web.file_contents import Contents, Known
from framebus.web.recording_folder import Folder, Found
from framebus.web.responses import Wrong, as_json, beside, known, number
from framebus.web.shown import Shown
from framebus.web.spans import FilePart
from framebus.web.takes import Take
from framebus.web.tap import Tap
from framebus.web.wall import Wall
from framebus.web.ways import Role, Way

MOST_TAKES = 64
MOST_REPLAYS = 8
_KINDS = {"mp4": "video/mp4", "m4v": "video/mp4", "mov": "video/mp4", "webm": "video/webm"}
_OF_RECORDING = "/api/recordings/{name}"
_OF_STREAM = "/api/streams/{name}/recording"


class Recordings:
    """Lists what is in `root`, and records into it. Raises `Unavailable` where the folder cannot be used."""

    def __init__(self, root: str) -> None:
        self.folder = Folder(root)
        self.takes: dict[str, Take] = {}
        self._known = Known(self.folder)
        self._executor = ThreadPoolExecutor(MOST_REPLAYS + 4, "framebus-web recordings")
        self._lock = threading.Lock()
        self._replays = 0
        self._wall: Wall

    def join(self, wall: Wall) -> None:
        """See `Part`."""
        self._wall = wall
        wall.notes.append(self._note)

    def ways(self) -> Sequence[Way]:
        """See `Part`."""
        return (
            Way("GET", "/api/recordings", Role.VIEW, self.listing, "recordings: stream, time, length, size"),
            Way("GET", _OF_RECORDING, Role.VIEW, self.file, "the file, or a part of it (Range); ?download=1"),
            Way(
                "GET",
                f"{_OF_RECORDING}/pictures",
                Role.VIEW,
                self.pictures,
                "it as JPEGs, at the pace of capture: ?start=SECONDS&stream=NAME&width=",
            ),
            Way("POST", _OF_STREAM, Role.OPERATE, self.begin, "record the stream"),
            Way("DELETE", _OF_STREAM, Role.OPERATE, self.end, "stop recording it"),
        )

    def close(self) -> None:
        """Finish all recordings; idempotent."""
        self._executor.shutdown(cancel_futures=True)  # first: nothing begins any more
        takes = list(self.takes.values())
        for take in takes:
            take.stop()
        with ExitStack() as closing:
            for take in takes:
                closing.callback(take.close)

    # what is there -----------------------------------------------------------------------------------------

    async def listing(self, request: Request) -> Response:
        """`api/recordings`"""
        return as_json({"recordings": await beside(self._executor, self._listed)})

    async def file(self, request: Request) -> Response:
        """`api/recordings/NAME`"""
        found = await self._found(request)
        file = await beside(self._executor, partial(self.folder.open, found))
        kind = _KINDS.get(found.extension, "application/octet-stream")
        shown = "inline" if found.extension in _KINDS and "download" not in request.query_params else "attachment"
        name = f"{shown}; filename*=UTF-8''{quote('-'.join(found.parts))}"  # the folder says whose it is
        headers = {"content-type": kind, "content-disposition": name}
        return FilePart(file, request.headers.get("range"), self._executor, headers)

    async def pictures(self, request: Request) -> Response:
        """`api/recordings/NAME/pictures`"""
        found = await self._found(request)
        start, width = number(request, "start", 0, 1e9), number(request, "width", 1280, 65_535)
        if self._replays >= MOST_REPLAYS:
            raise Wrong(429, f"{MOST_REPLAYS} recordings are being played already: stop one, or download this one")
        self._replays += 1
        try:
            opening = partial(self._opened, found, start, request.query_params.get("stream", ""))
            source = await beside(self._executor, opening)
        except BaseException:
            self._played()
            raise
        return replay.Pictures(source, int(width), self._executor, self._played)

    def _opened(self, found: Found, start: float, stream: str) -> Any:
        return replay.opened(self.folder.path(found), start, stream)

    def _played(self) -> None:
        self._replays -= 1

    async def _found(self, request: Request) -> Found:
        found = await beside(self._executor, partial(self.folder.find, request.path_params["name"]))
        if found is None:
            raise Wrong(404, "there is no such recording: api/recordings lists them")
        return found

    def _listed(self) -> list[dict[str, Any]]:
        writing = {take.file: take for take in list(self.takes.values()) if not take.over}
        files = self.folder.files()
        whole = [file for file in files if file.name not in writing]
        inside = dict(zip(whole, self._known.look(whole), strict=True))
        return [_told(file, inside.get(file) or _growing(writing[file.name]), file not in inside) for file in files]

    # recording ---------------------------------------------------------------------------------------------

    async def begin(self, request: Request) -> Response:
        """`POST api/streams/NAME/recording`"""
        shown = self._shown(request)
        take = await beside(self._executor, partial(self._begin, shown.name, shown.form()))
        self._wall.tell()
        return as_json(take.told(), 201)

    async def end(self, request: Request) -> Response:
        """`DELETE api/streams/NAME/recording`"""
        take = self.takes.get(request.path_params["name"])
        if take is None:
            raise Wrong(409, "this stream is not being recorded")
        if take.state == "failed":
            del self.takes[take.stream]  # it was read
        take.stop()
        self._wall.tell()
        return as_json(take.told())

    def _shown(self, request: Request) -> Shown:
        shown = known(self._wall.shown, request.path_params["name"])
        if not shown.form()["kind"]:
            raise Wrong(409, "there is no picture of this stream yet")
        return shown

    def _begin(self, name: str, form: Mapping[str, Any]) -> Take:
        with self._lock:
            before = self.takes.get(name)
            if before is not None and not before.over:
                raise Wrong(409, "this stream is being recorded already")
            if sum(not take.over for take in list(self.takes.values())) >= MOST_TAKES:
                raise Wrong(409, f"{MOST_TAKES} streams are being recorded already: stop one")
            file = _free(self.folder.root, name, extension(form))
            source = self._source(name)
            take = Take(name, source, os.path.join(self.folder.root, file), file, self._news)
            self.takes[name] = take
            if isinstance(source, Tap):
                self._wall.taps[name] = source
            take.start()
            return take

    def _news(self) -> None:
        """Something changed; in a thread."""
        for take in list(self.takes.values()):
            if take.over:
                self._wall.taps.pop(take.stream, None)
        self._wall.news()

    def _source(self, name: str) -> str | Tap:
        intake = self._wall.intake_of(name)
        address = intake.beside(name) if intake is not None else None
        return address or Tap()

    def _note(self, name: str) -> Mapping[str, Any]:
        take = self.takes.get(name)
        if take is None or take.state == "ended":
            return {"recording": None}
        return {"recording": take.told()}


def extension(form: Mapping[str, Any]) -> str:
    """What a stream is recorded as: video where a video can hold it without loss of what matters, else HDF5.

    `form` as `Shown` tells it. Raises `Wrong` where the package for it is missing.
    """
    video = form["kind"] == "packets" or (form["dtype"] == "uint8" and form["format"] != "array")
    package, extra = ("av", "video") if video else ("h5py", "hdf5")
    if find_spec(package) is None:
        raise Wrong(409, f"recording this stream needs the package {package}: pip install 'framebus[{extra}]'")
    return "mp4" if video else "h5"


def _free(root: str, stream: str, suffix: str) -> str:
    """A name that nothing has."""
    stem = f"{stream}-{time.strftime('%Y-%m-%d-%H-%M-%S')}"
    name, number = f"{stem}.{suffix}", 2
    while os.path.lexists(os.path.join(root, name)):
        name, number = f"{stem}-{number}.{suffix}", number + 1
    return name


def _growing(take: Take) -> Contents:
    return Contents("", take.stream, take.asked_ns, take.told()["seconds"])


def _told(file: Found, inside: Contents, writing: bool) -> dict[str, Any]:
    return {
        "name": file.name,
        "file": "/".join(file.parts),
        "stream": inside.stream,
        "begins_ms": (file.modified_ns if inside.begins_ns is None else inside.begins_ns) // 1_000_000,
        "seconds": inside.seconds,
        "bytes": file.nbytes,
        "plays": inside.plays,
        "writing": writing,
    }
