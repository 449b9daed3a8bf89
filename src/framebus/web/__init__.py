"""The page: all streams live in a browser, from one small server.

Threads read the places (`intake.py`) and hand pictures over (`handover.py`) to the server's event loop. There a
`Wall` knows every stream (`shown.py`) and every viewer (`viewer.py`), each of whom has a bounded box of what it is owed
(`outbox.py`). Pictures are encoded once for all who watch them alike (`darkroom.py`), coded video is passed on as it is
(`coded_video.py`). Who may see any of it is decided in one place (`access.py`).

    from framebus.web import Listening, Page, Server, token

    page = Page("shm://", token=token.lasting())
    with Server(page, Listening.parse("localhost:8080").bound()) as server:
        server.start()

`page.app` is the same as an ASGI application. Needs the extra `web`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from framebus.core.later import later

if TYPE_CHECKING:
    from framebus.web import token
    from framebus.web.page import Page
    from framebus.web.server import Listening, Server

__all__ = ["Listening", "Page", "Server", "token"]

if not TYPE_CHECKING:  # to a type checker only the names above exist
    __getattr__ = later(__name__, {"Listening": "server", "Page": "page", "Server": "server"})
