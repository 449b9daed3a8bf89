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
    kept = ((file.name, _KINDS.get(file.name.rpartition(".")[2])) for file in files)
    folder = resources.files("framebus.web").joinpath("static")
    return {name: (folder.joinpath(name).read_bytes(), kind) for name, kind in kept if kind is not None}
