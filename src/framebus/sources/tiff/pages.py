"""The pages of a TIFF recording, by their streams, read one by one."""

from __future__ import annotations

import os
from collections.abc import Iterator

import msgspec

from framebus.core.errors import BadFrame
from framebus.core.frame import Array, Frame
from framebus.wire.recordings import tiff as pages


class Part:
    """The frames of one stream, in the order of the file."""

    def __init__(self, stream: str, chain: Chain) -> None:
        self.stream = stream
        self.found: list[Row] = []
        self._chain = chain

    def first_ns(self) -> int | None:
        """When its first frame was captured."""
        return self.found[0].captured_ns if self.found else None

    def rows(self) -> Iterator[Row]:
        """All of them, also those that are added meanwhile."""
        at = 0
        while at < len(self.found) or self._chain.look(self, at):
            yield self.found[at]
            at += 1


class Row(msgspec.Struct):
    """Where one frame is in the file."""

    captured_ns: int
    link: int
    """Where its page is named."""
    chain: Chain

    def frame(self) -> Frame:
        """The frame; raises `BadFrame` where it is damaged."""
        return self.chain.frame(self.link)


class Chain:
    """All pages of the open file `descriptor` (borrowed), called `path`; raises `BadFrame` where it is not ours."""

    def __init__(self, descriptor: int, path: str) -> None:
        self._descriptor = descriptor
        self._path = path
        self._link = pages.FIRST_LINK
        self._damage: BadFrame | None = None
        self.parts: dict[str, Part] = {}
        if not pages.recorded(self._read):
            raise BadFrame(f"{path} is no recording of framebus: its pages do not say which frames they are")
        self._go_on()

    def look(self, part: Part, at: int) -> bool:
        """Whether `part` has a frame `at`, or got one meanwhile; raises `BadFrame` where pages behind are damaged."""
        if self._damage is not None:
            raise self._damage
        self._go_on()
        return at < len(part.found)

    def frame(self, link: int) -> Frame:
        """The frame whose page is named at `link`, with its further arrays."""
        try:
            first, *more = self._of_frame(link)
            extra = tuple((page.description.array, self._array(page)) for page in more)
            return Frame(content=self._array(first), extra=extra, **pages.fields(first.description))
        except (BadFrame, OSError) as error:
            raise BadFrame(f"{self._path}: the page that is named at {link} is damaged: {error}") from error

    def _of_frame(self, link: int) -> list[pages.Page]:
        found: list[pages.Page] = []
        for page in pages.walk(self._read, link):
            if found and not page.description.array:
                break
            found.append(page)
        return found

    def _go_on(self) -> None:
        """Note what was added since."""
        try:
            for page in pages.walk(self._read, self._link):
                said = page.description
                if not said.array:
                    part = self.parts.setdefault(said.stream, Part(said.stream, self))
                    part.found.append(Row(said.captured_ns, self._link, self))
                self._link = page.link
        except (BadFrame, OSError) as error:
            self._damage = BadFrame(f"{self._path} is damaged, its end cannot be read: {error}")

    def _array(self, page: pages.Page) -> Array:
        return pages.array_of(page, self._read(page.pixels, page.nbytes))

    def _read(self, at: int, size: int) -> bytes:
        return os.pread(self._descriptor, size, at)
