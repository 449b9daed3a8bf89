"""An image folder: one file per frame, complete or not there, continued when restarted."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable

from framebus.core.addresses import Path
from framebus.core.contracts import Done, Item
from framebus.core.errors import BadFrame, Closed, OptionError, Unavailable
from framebus.core.frame import Frame, Packet
from framebus.core.values import switch
from framebus.sinks.durable_name import group_of
from framebus.sinks.folder.encoded import file_of
from framebus.sinks.folder.file_numbers import Numbers
from framebus.sinks.folder.template import FALLBACK, Template
from framebus.sinks.place import PARTIAL, Place
from framebus.wire.recordings import picture_folder

INDEX = "framebus-index.json"
"""The file beside the images that says which numbers belong to which run."""

_log = logging.getLogger(__name__)


def open_sink(
    address: Path, *, overwrite: bool = False, encode: str | None = None, fsync: bool | str = False
) -> Images:
    """The folder or template at `address`; see `Images`."""
    return Images(address.text, overwrite=overwrite, encode=encode, fsync=fsync)


class Images:
    """A sink of image files.

    place      a folder, `frames/`, which means `frames/{stream}-{seq}.png`; or a template such as
               `shots/{stream}/{date}/{time}-{seq}.jpg`. PNG, JPEG or TIFF by extension; where a PNG cannot hold a
               picture (floats, 16-bit colour …) its file is a TIFF.
    overwrite  replace files of those names, from number 0 for a new run
    encode     `jpeg` or `jpeg=QUALITY` (else 95): for `.jpg`, and makes a folder one of JPEG
    fsync      force every file to the disk before it counts as written; slow

    Files are numbered from 0. The frames of a new run (its publisher was restarted) continue after the highest
    number; a frame sent again replaces its own file; frames missed leave a gap. Frames that a group brings come in any
    order: their files are numbered as they are. `framebus-index.json` in the folder says which run's are which, and
    `framebus-missed.jsonl`, once something was, before which files frames were lost. One sink at a time writes into a
    folder. Not thread-safe.

    Raises `Unavailable` when the folder cannot be written to, or holds files of those names that are not ours, at
    construction or, where that only shows then, at `write`.
    """

    keep: str | None = "all"

    def __init__(
        self, place: str, *, overwrite: bool = False, encode: str | None = None, fsync: bool | str = False
    ) -> None:
        jpeg = _checked(encode)
        self._template = Template(place, "jpg" if jpeg else "png")
        if jpeg and self._template.extension not in ("jpg", "jpeg"):
            raise OptionError(f"encode={encode} does not fit {place}: end its name in .jpg, or leave encode out")
        self._jpeg = jpeg if jpeg != "jpeg" else None
        self._overwrite = overwrite
        self.group: str | None = _group(self._template)
        self._place: Place | None = Place(self._template.root, fsync=_switch(fsync))
        self._highest: dict[str, int] = {}
        self._written: dict[str, int] = {}
        self._index_saved = True
        self._only: str | None = None
        self._told = False
        self.shared: Callable[[str], bool] = lambda stream: False
        """Whether a stream's frames come in any order, as several publishers bring them."""
        try:
            self._numbers = self._load(self._place)
            self._missed = picture_folder.read(self._place.read(picture_folder.NAME) or b"")
        except BaseException:
            self.close()
            raise

    def write(self, item: Item, done: Done) -> None:
        """Write one frame; `done` is called when its file has its name.

        Raises `BadFrame` for packets and for what no image file can hold; the sink can be used further. Raises
        `Unavailable` naming the folder and the bytes needed when it cannot be written; the frame is not there then.
        """
        place = self._open()
        frame = self._checked(item)
        data, extension = file_of(frame, self._template.extension, self._jpeg)
        space = frame.stream if self._template.per_stream else ""
        number = self._number(place, frame, space)
        stem = os.path.splitext(self._template.fill(frame, number))[0]
        if number > self._highest.get(space, -1) and not self._overwrite:
            self._refuse_taken(place, stem)
        if not self._index_saved:
            # Before the first file: one that no stretch covers would be taken for somebody else's.
            place.put(INDEX, self._numbers.saved())
            self._index_saved = True
        self._note(place, f"{stem}.{extension}", frame.missed)
        place.put(f"{stem}.{extension}", data)
        for numbers in (self._highest, self._written):
            numbers[space] = max(number, numbers.get(space, -1))
        done()

    def close(self) -> None:
        """Let go of the folder; idempotent."""
        place, self._place = self._place, None
        if place is not None:
            place.close()

    def _open(self) -> Place:
        if self._place is None:
            raise Closed(f"{self._template.root}: this sink was closed: open it again to write on")
        return self._place

    def _checked(self, item: Item) -> Frame:
        if isinstance(item, Packet):
            raise BadFrame("coded packets are no pictures: put the op decode before it")
        if self._only is None:
            self._only = item.stream
        elif not self._template.per_stream and item.stream != self._only:
            raise OptionError(
                f"{self._template.text}: streams {self._only} and {item.stream} would share one row of numbers: "
                "put {stream} into the name"
            )
        if item.extra and not self._told:
            self._told = True
            names = ", ".join(name for name, _ in item.extra)
            _log.warning("%s keeps pictures only: the arrays %s are not written", self._template.root, names)
        return item

    def _number(self, place: Place, frame: Frame, space: str) -> int:
        number = self._numbers.find(frame)
        if number is not None:
            return number
        stream = frame.stream if self._template.per_stream else None
        if space in self._highest and not self._overwrite and not self._numbers.knows(stream):
            raise self._foreign(place.root)
        # What this sink itself wrote is never replaced by another run.
        first = (self._written if self._overwrite else self._highest).get(space, -1) + 1
        begin = frame.replace(seq=0) if self.shared(frame.stream) else frame
        self._numbers.begin(begin, first, stream)
        self._index_saved = False
        return first + frame.seq - begin.seq

    def _note(self, place: Place, name: str, missed: int) -> None:
        """Before the file: one that is there tells what was lost before it."""
        if self._missed.get(name, 0) != missed:
            place.append(picture_folder.NAME, picture_folder.line(name, missed))
            self._missed[name] = missed

    def _load(self, place: Place) -> Numbers:
        try:
            numbers = Numbers(self._template.pattern, place.read(INDEX))
        except BadFrame as error:
            raise Unavailable(
                f"{os.path.join(place.root, INDEX)} cannot be read ({error}): choose another folder, or remove it and "
                "use overwrite=True (--overwrite)"
            ) from error
        for name in place.names(deep=self._template.deep):
            self._look_at(place, name)
        if self._highest and not numbers.known and not self._overwrite:
            raise self._foreign(place.root)
        return numbers

    def _look_at(self, place: Place, name: str) -> None:
        folder, base = os.path.split(name)
        if base.startswith(".") and base.endswith(PARTIAL):
            # Left by a sink that was killed: the folder is locked, so nobody is writing it now.
            if self._template.match(os.path.join(folder, base[1 : -len(PARTIAL)])) or base[1:].startswith(INDEX):
                place.remove(name)
            return
        found = self._template.match(name)
        if found is not None:
            space, number = found
            self._highest[space] = max(number, self._highest.get(space, -1))

    def _refuse_taken(self, place: Place, stem: str) -> None:
        for extension in {self._template.extension, FALLBACK}:
            if place.holds(f"{stem}.{extension}"):
                raise Unavailable(
                    f"{os.path.join(place.root, stem)}.{extension} appeared while frames were written there and is "
                    "not ours: move it away, choose another folder, or use overwrite=True (--overwrite)"
                )

    def _foreign(self, root: str) -> Unavailable:
        return Unavailable(
            f"{root} already holds files named {self._template.pattern} that were not written by a framebus sink "
            f"(there is no {INDEX} that says so): choose another folder, or replace them with overwrite=True "
            "(--overwrite)"
        )


def _switch(fsync: bool | str) -> bool:
    try:
        return switch(fsync)
    except (KeyError, AttributeError):
        raise OptionError(f"fsync={fsync!r} is not possible: give true or false") from None


def _checked(encode: str | None) -> str | None:
    if encode is None or encode == "jpeg" or encode.startswith("jpeg="):
        return encode
    raise OptionError(f"encode={encode} is not for files: their extension says what they are; jpeg=QUALITY is possible")


def _group(template: Template) -> str:
    base = os.path.basename(os.path.abspath(template.root))
    return group_of(os.path.join(template.root, template.pattern), base)
