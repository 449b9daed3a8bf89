"""What an object answered, for people, for programs, and as a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from framebus.cli.figures import age
from framebus.core.errors import AddressError, BadFrame, Unavailable
from framebus.core.frame import Frame
from framebus.core.whole import whole
from framebus.pool.answers import kind_of
from framebus.pool.jsonable import SHOWN, jsonable
from framebus.sinks.place import PARTIAL, write_new

IMAGES = ("png", "jpg", "jpeg", "tif", "tiff")


def text(answer: Any) -> str:
    """One line for people, or as many as the text that it is."""
    if isinstance(answer, str):
        return answer
    if isinstance(answer, Frame):
        return _frame(answer)
    if isinstance(answer, np.ndarray) and answer.size > SHOWN:
        return _array(answer)
    return json(answer) if isinstance(answer, dict | list | tuple | np.ndarray) else str(answer)


def json(answer: Any) -> str:
    """JSON on one line; pictures and large arrays by what they are, not by their numbers."""
    return msgspec.json.encode(plain(answer)).decode()


def plain(answer: Any) -> Any:
    """What JSON can say of it."""
    return jsonable(answer, _told)


def check_file(place: str) -> str:
    """`place` itself; raises `AddressError` for a kind of file that nothing is saved as."""
    extension = _extension(place)
    if extension not in (*IMAGES, "npy", "json"):
        raise AddressError(f"--save {place}: name a file that ends in .{', .'.join((*IMAGES, 'npy', 'json'))}")
    return place


def save(answer: Any, place: str, number: int | None = None) -> str:
    """Write it to `place` (with `number` before its extension), whole or not at all; the name it got.

    Raises `BadFrame` for what such a file cannot hold and `Unavailable` where it cannot be written.
    """
    path = Path(place)
    data, extension = _file(answer, _extension(place))
    suffix = path.suffix if extension == _extension(place) else f".{extension}"
    target = path.with_name(f"{path.stem}{'' if number is None else f'-{number}'}{suffix}")
    partial = target.with_name(f".{target.name}{PARTIAL}")
    try:
        with whole(target, partial):
            write_new(str(partial), data, fsync=False)
    except OSError as error:
        raise Unavailable(f"{target} cannot be written: {error}") from error
    return str(target)


def _told(answer: Any) -> Any:
    if not isinstance(answer, Frame):
        return answer
    return {
        "stream": answer.stream,
        "seq": answer.seq,
        "shape": list(answer.shape),
        "dtype": str(answer.dtype),
        "format": answer.format,
        "captured_ns": answer.captured_ns,
        "meta": dict(answer.meta),
    }


def _file(answer: Any, extension: str) -> tuple[bytes | memoryview, str]:
    if extension == "json":
        return json(answer).encode(), extension
    if not isinstance(answer, Frame | np.ndarray):
        raise BadFrame(f"an answer of type {kind_of(answer)} makes no .{extension} file: pictures and arrays do")
    if extension == "npy":
        return _npy(answer), extension
    from framebus.sinks.folder.encoded import file_of

    frame = answer if isinstance(answer, Frame) else Frame.of(answer)
    return file_of(frame.replace(stream=frame.stream or "answer"), extension)


def _npy(answer: Any) -> bytes:
    from io import BytesIO

    out = BytesIO()
    np.save(out, answer.image if isinstance(answer, Frame) else answer, allow_pickle=False)
    return out.getvalue()


def _extension(place: str) -> str:
    return Path(place).suffix.removeprefix(".").lower()


def _frame(frame: Frame) -> str:
    which = f"frame {frame.seq} of {frame.stream}" if frame.run and frame.stream else "a frame"
    old = f" · {age(frame.age_s)} old" if frame.captured_ns else ""
    meta = f" · {json(dict(frame.meta))}" if frame.meta else ""
    return f"{which} · {_size(frame.shape)} {frame.format if frame.format != 'array' else frame.dtype}{old}{meta}"


def _array(array: np.ndarray[Any, Any]) -> str:
    spread = f" · {array.min():g} to {array.max():g}, mean {array.mean():g}" if array.dtype.kind in "biuf" else ""
    return f"array {_size(array.shape)} {array.dtype}{spread}"


def _size(shape: tuple[int, ...]) -> str:
    """Width x height where it is a picture, the shape otherwise."""
    if len(shape) == 2 or (len(shape) == 3 and shape[2] in (1, 3, 4)):
        return f"{shape[1]}x{shape[0]}" + (f"x{shape[2]}" if len(shape) == 3 else "")
    return str(shape)
