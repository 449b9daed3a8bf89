"""What lies beside a folder of pictures that were recorded: before which of them frames were lost. Pure.

One line of JSON for each: `{"file": "cam-00000007.png", "missed": 3}`, the file by its path below the folder, with `/`.
Of several lines about one file the last counts; a line that is not whole does not.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from framebus.core.not_json import NOT_JSON

NAME = "framebus-missed.jsonl"


class _Line(msgspec.Struct):
    file: str
    missed: Annotated[int, msgspec.Meta(ge=0, lt=2**32)]


_decode = msgspec.json.Decoder(_Line).decode


def line(file: str, missed: int) -> bytes:
    """That so many frames were lost before the one in `file`."""
    return msgspec.json.encode(_Line(file, min(missed, 2**32 - 1))) + b"\n"


def read(data: bytes) -> dict[str, int]:
    """How many were lost before each file that a line is about."""
    found: dict[str, int] = {}
    for text in data.splitlines():
        try:
            told = _decode(text)
        except NOT_JSON:
            continue  # cut off when its writer was killed, or somebody else's
        found[told.file] = told.missed
    return found
