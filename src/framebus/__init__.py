"""framebus moves images between processes and machines, works on them in parallel, records and shows them.

    import framebus as fb

    for frame in fb.open("tcp://desk:5555"):        # the newest frame, BGR, read-only
        show(frame.stream, frame.image)

    with fb.publish("tcp://:5555", insecure=True) as out:
        out.send(image)

Names are loaded when first used, so that importing the package costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from framebus.batch.process import process
    from framebus.batch.report import Report
    from framebus.config.run import run
    from framebus.core import errors
    from framebus.core.errors import Error, Timeout
    from framebus.core.frame import Frame
    from framebus.core.publisher import Publisher
    from framebus.core.source import Source
    from framebus.verbs.align import align
    from framebus.verbs.open import open
    from framebus.verbs.pipe import pipe
    from framebus.verbs.publish import publish
    from framebus.verbs.streams import streams
    from framebus.work.gather import gather
    from framebus.work.map import map
    from framebus.work.objects.proxy import Remote
    from framebus.work.remote import remote
    from framebus.work.serve import serve
    from framebus.work.spawn import spawn

    __version__: str

__all__ = [
    "Error",
    "Frame",
    "Publisher",
    "Remote",
    "Report",
    "Source",
    "Timeout",
    "align",
    "errors",
    "gather",
    "map",
    "open",
    "pipe",
    "process",
    "publish",
    "remote",
    "run",
    "serve",
    "spawn",
    "streams",
]

_WHERE = {
    "Error": "framebus.core.errors:Error",
    "Frame": "framebus.core.frame:Frame",
    "Publisher": "framebus.core.publisher:Publisher",
    "Remote": "framebus.work.objects.proxy:Remote",
    "Report": "framebus.batch.report:Report",
    "Source": "framebus.core.source:Source",
    "Timeout": "framebus.core.errors:Timeout",
    "align": "framebus.verbs.align:align",
    "errors": "framebus.core.errors",
    "gather": "framebus.work.gather:gather",
    "map": "framebus.work.map:map",
    "open": "framebus.verbs.open:open",
    "pipe": "framebus.verbs.pipe:pipe",
    "process": "framebus.batch.process:process",
    "publish": "framebus.verbs.publish:publish",
    "remote": "framebus.work.remote:remote",
    "run": "framebus.config.run:run",
    "serve": "framebus.work.serve:serve",
    "spawn": "framebus.work.spawn:spawn",
    "streams": "framebus.verbs.streams:streams",
}


if not TYPE_CHECKING:  # to a type checker only the names above exist

    def __getattr__(name: str) -> Any:
        if name == "__version__":
            value = _version()
        elif name in _WHERE:
            module, _, attribute = _WHERE[name].partition(":")
            value = import_module(module)
            value = getattr(value, attribute) if attribute else value
        else:
            raise AttributeError(f"module 'framebus' has no attribute {name!r}")
        globals()[name] = value
        return value


def _version() -> str:
    from importlib import metadata

    try:
        return metadata.version("framebus")
    except metadata.PackageNotFoundError:  # a source tree on the path, never installed
        return "unknown"


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
