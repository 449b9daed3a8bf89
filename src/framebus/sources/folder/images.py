"""Image folders and globs: every file a frame, in natural order."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator

from framebus.core import clock
from framebus.core.addresses import Path
from framebus.core.errors import Unavailable
from framebus.core.formats import guess_format
from framebus.core.frame import Frame
from framebus.core.names import to_name
from framebus.sources.folder import below, image_file, natural_order
from framebus.sources.folder.lost import Lost
from framebus.sources.pace import Pace, parse_fps


def open_source(address: Path, *, fps: float | str = 0) -> Images:
    """The folder, glob or single image file at `address`; see `Images`."""
    return Images(address.text, fps=fps)


class Images:
    """A maker of one frame per image file, and per page where a TIFF has several.

    fps   at most so many frames per second; 0, the default, is as fast as they are taken

    Finite: every file is wanted. `meta["path"]` is the file, and `meta["page"]` its page, counted from 0, where that
    is not the first. What was lost when framebus recorded them is `missed` again. The list is made at the start; of a
    folder it has the files right in it, and where there are others below, that is logged. Raises `Unavailable` where
    there is nothing to read and, while iterating, `BadFrame` naming the first file that is damaged or no image.
    """

    live = False

    def __init__(self, place: str, *, fps: float | str = 0) -> None:
        self.name = _name(place)
        self.run = secrets.randbits(64) or 1
        self._files = _files(place)
        self._lost = Lost()
        self._pace = Pace(parse_fps(fps))

    def __len__(self) -> int:
        return len(self._files)

    def __iter__(self) -> Iterator[Frame]:
        """Frames 0, 1, 2 … until the last file or until the maker is closed; those that were lost are counted, too."""
        seq = 0
        for path in self._files:
            for page, picture in enumerate(image_file.read(path)):
                if not self._pace.wait():
                    return
                missed = 0 if page else self._lost.before(path)
                yield self._frame(picture, path, page, seq + missed, missed)
                seq += missed + 1

    @property
    def losses(self) -> dict[str, int]:
        """The files before which frames were lost when framebus recorded them, in their order, and how many."""
        return {path: missed for path in self._files if (missed := self._lost.before(path))}

    def close(self) -> None:
        """End the iteration, also from another thread; idempotent."""
        self._pace.stop()

    def _frame(self, picture: image_file.Picture, path: str, page: int, seq: int, missed: int) -> Frame:
        content, format = picture
        return Frame(
            content=content,
            stream=self.name,
            run=self.run,
            seq=seq,
            captured_ns=clock.utc_ns(),
            captured_mono_ns=clock.mono_ns(),
            clock=clock.boot_id(),
            format=guess_format(content.shape, content.dtype, format),
            meta={"path": path, "page": page} if page else {"path": path},
            missed=missed,
        )


def _files(place: str) -> list[str]:
    if not os.path.isdir(place):
        return natural_order.files(place, image_file.EXTENSIONS)
    try:
        found = natural_order.files(place, image_file.EXTENSIONS)
    except Unavailable as error:
        raise below.explained(error, place, image_file.EXTENSIONS) from error
    below.say(place, image_file.EXTENSIONS)
    return found


def _name(place: str) -> str:
    """Of a file its stem, of a folder or glob the last folder that is named."""
    if os.path.isfile(place):
        return to_name(os.path.splitext(os.path.basename(place))[0], "images")
    plain = place.split("*", 1)[0]
    folder = plain if os.path.isdir(plain) else os.path.dirname(plain)
    return to_name(os.path.basename(os.path.abspath(folder)), "images")
