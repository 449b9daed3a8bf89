"""Boxes, labels and text on a picture."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, overload
from zlib import crc32

import cv2
import numpy as np
import numpy.typing as npt

from framebus.core.errors import BadFrame
from framebus.core.frame import NO_META, Frame
from framebus.ops import marks
from framebus.ops.arguments import whole
from framebus.ops.marks import Box
from framebus.ops.opencv import check_type
from framebus.ops.paint import Paint
from framebus.ops.picture import Pictured, PictureOp, answer

Array = npt.NDArray[Any]
Scalar = tuple[float, ...]

_FONT = cv2.FONT_HERSHEY_SIMPLEX
_FONT_HEIGHT = 22
"""Pixels of a capital letter of that font at scale 1."""
_LONGEST = 120
"""Characters of a line."""
_PALETTE = [Paint(name) for name in ("lime", "orange", "cyan", "magenta", "yellow", "red", "blue", "pink", "white")]


class Draw(PictureOp):
    """Boxes, labels and text from `frame.meta`, on a copy; uint8.

    colour  of all boxes: a name, `#rrggbb`, or a number; without it each label has its own
    line    width of lines in pixels; 0 goes by the size of the picture
    text    height of letters in pixels; 0 goes by the size of the picture

    `meta["boxes"]` is a list of `[x, y, width, height]` in pixels, each with a label and a score after them where there
    are any, or of `{"box": […], "label": …, "score": …}`. `meta["text"]` is a text or a list of lines, written in the
    upper left corner. Both are also found in the answers of services, as in `{"detect": {"boxes": […]}}`.
    """

    example = "draw"

    def __init__(self, *, colour: str | float | None = None, line: int = 0, text: int = 0) -> None:
        self._paint = None if colour is None else Paint(colour)
        self._line = whole("line", line, 0, 100)
        self._text = whole("text", text, 0, 1000)

    def one(self, frame: Pictured) -> Pictured:
        """The picture with what its metadata says drawn on it; an array has none, and stays as it is."""
        return self.marked(frame, frame.meta if isinstance(frame, Frame) else NO_META)

    def marked(self, frame: Pictured, meta: Mapping[str, Any]) -> Pictured:
        """The picture with what `meta` says drawn on it; raises `BadFrame` where that makes no sense."""
        boxes, lines = marks.boxes(meta), marks.lines(meta)
        return answer(frame, self._drawn(self.seen(frame), boxes, lines) if boxes or lines else self.seen(frame))

    def apply(self, image: Array) -> Array:
        """The picture, on which there is nothing to draw."""
        return image

    def _drawn(self, image: Array, boxes: list[Box], lines: list[str]) -> Array:
        check_type("draw", image, ("uint8",))
        if image.ndim == 3 and image.shape[2] not in (1, 3, 4):
            raise BadFrame(f"draw works on gray, 3 and 4 channels, not on {image.shape[2]}")
        pen = _Pen(np.array(image, order="C"), self._line, self._text)
        for box in boxes:
            pen.box(box, self._paint or _PALETTE[crc32(box.label.encode("utf-8", "replace")) % len(_PALETTE)])
        for number, line in enumerate(lines):
            pen.line(number, line)
        return pen.image


class _Pen:
    """Draws into a picture of its own."""

    def __init__(self, image: Array, line: int, text: int) -> None:
        self.image = image
        self._line = line or max(1, round(min(image.shape[:2]) / 300))
        self._height = text or max(8, round(min(image.shape[:2]) / 45))
        self._scale = self._height / _FONT_HEIGHT
        self._stroke = max(1, self._height // 12)
        self._gap = max(2, self._height // 3)

    def box(self, box: Box, paint: Paint) -> None:
        """The rectangle, and its title on its upper edge, or below it where there is no room above."""
        left, top = self._inside(box.x, box.y)
        right, bottom = self._inside(box.x + box.width - 1, box.y + box.height - 1)
        cv2.rectangle(self.image, (left, top), (right, bottom), self._colour(paint), self._line)
        if box.title:
            self._label(box.title, left, top if top >= self._tall else top + self._tall, paint)

    def line(self, number: int, text: str) -> None:
        """A line of text in the upper left corner."""
        self._label(text, 0, (number + 1) * self._tall, Paint("black"))

    def _label(self, text: str, left: int, bottom: int, paint: Paint) -> None:
        """Text on a bar that makes it readable everywhere."""
        shown, left = _printable(text), max(left, 0)
        (width, _), _ = cv2.getTextSize(shown, _FONT, self._scale, self._stroke)
        corner = left + width + 2 * self._gap, bottom
        cv2.rectangle(self.image, (left, bottom - self._tall), corner, self._colour(paint), cv2.FILLED)
        ink = self._colour(Paint("white" if _is_dark(paint) else "black"))
        place = left + self._gap, bottom - self._gap
        cv2.putText(self.image, shown, place, _FONT, self._scale, ink, self._stroke, cv2.LINE_AA)

    @property
    def _tall(self) -> int:
        return self._height + 2 * self._gap

    def _inside(self, x: float, y: float) -> tuple[int, int]:
        """The nearest place that is no more than one picture's size away from it."""
        height, width = self.image.shape[:2]
        return round(min(max(x, -width), 2 * width)), round(min(max(y, -height), 2 * height))

    def _colour(self, paint: Paint) -> Scalar:
        return tuple(float(value) for value in paint.on(self.image))


def _printable(text: str) -> str:
    """Without what OpenCV cannot write: half a surrogate pair makes it crash."""
    return "".join(letter if letter.isprintable() else " " for letter in text[:_LONGEST])


def _is_dark(paint: Paint) -> bool:
    return bool(paint.on(np.zeros((1, 1), np.uint8))[0] < 128)


@overload
def draw(
    frame: Frame,
    meta: Mapping[str, Any] | None = None,
    *,
    colour: str | float | None = None,
    line: int = 0,
    text: int = 0,
) -> Frame: ...
@overload
def draw(
    frame: Array,
    meta: Mapping[str, Any] | None = None,
    *,
    colour: str | float | None = None,
    line: int = 0,
    text: int = 0,
) -> Array: ...
def draw(frame: Any, meta: Mapping[str, Any] | None = None, **style: Any) -> Any:
    """Draw what `meta` says, a frame's own where none is given, on a copy of the picture; see `Draw`."""
    op = Draw(**style)
    return op(frame) if meta is None else op.marked(frame, meta)
