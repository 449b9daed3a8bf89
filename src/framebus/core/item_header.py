"""What a frame or packet is, pixels aside, as plain data for programs elsewhere."""

from __future__ import annotations

from typing import Any

from framebus.core.contracts import Item
from framebus.core.frame import Frame


def header(item: Item) -> dict[str, Any]:
    """Identity, times and form under the names they have in Python, JSON-able; `meta` and `arrays` are not among them.

    Numbers of 64 bits are text: JavaScript has none.
    """
    told: dict[str, Any] = {
        "stream": item.stream,
        "run": f"{item.run:016x}",
        "seq": item.seq,
        "captured_ns": str(item.captured_ns),
        "age_s": item.age_s,
        "missed": item.missed,
        "bytes": item.nbytes,
    }
    if isinstance(item, Frame):
        form = {"format": item.format, "shape": list(item.shape), "dtype": str(item.dtype)}
        return told | form | {"encoding": getattr(item.content, "encoding", "raw")}
    return told | {"codec": item.codec, "key": item.key}
