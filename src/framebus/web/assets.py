"""The files of the page itself, read once: nothing else on the disk has an address here."""

from __future__ import annotations

from functools import cache
from importlib import resources

_KINDS = {
    "css": "text/css; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}


@cache
def assets() -> dict[str, tuple[bytes, str]]:
    """Name to content and its type."""
    files = resources.files("framebus.web").joinpath("static").iterdir()
    known = ((file, _KINDS.get(file.name.rpartition(".")[2])) for file in files)
    return {file.name: (file.read_bytes(), kind) for file, kind in known if kind is not None}
