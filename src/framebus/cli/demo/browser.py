"""Where the demo's page opens, and the browser that shows it."""

from __future__ import annotations

import os
import sys
import threading
import webbrowser
from collections.abc import Mapping

from framebus.core.errors import Unavailable


def missing() -> str:
    """Why there can be no page here; empty where there can."""
    from framebus.memory.pool import supported
    from framebus.web.page import require_packages

    try:
        require_packages()
    except Unavailable as error:
        return str(error)
    return "" if supported() else "this system cannot share memory between processes"


def free_place() -> str:
    """The page's usual place, or another port of this machine where that is taken."""
    from framebus.web.server import LISTEN, Listening

    for place in (LISTEN, "localhost:0"):
        try:
            with Listening.parse(place).bound() as probe:
                return f"localhost:{probe.getsockname()[1]}"
        except Unavailable:
            continue
    return LISTEN  # which says why it is not possible


def there(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether somebody sits at a screen with a browser on it."""
    if not sys.stdout.isatty() or environ.get("CI"):
        return False
    return sys.platform in ("darwin", "win32") or bool(environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY"))


def show(link: str) -> None:
    """Open it, without waiting for that."""
    threading.Thread(target=webbrowser.open, args=(link,), name="framebus demo browser", daemon=True).start()
