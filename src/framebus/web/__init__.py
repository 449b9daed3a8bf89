"""The page: all streams live in a browser, from one small server.

Threads read the places (`intake.py`) and hand pictures over (`handover.py`) to the server's event loop. There a
`Wall` knows every stream (`shown.py`) and every viewer (`viewer.py`), each of whom has a bounded box of what it is owed
(`outbox.py`). Pictures are encoded once for all who watch them alike (`darkroom.py`), coded video is passed on as it is
(`coded.py`). Who may see any of it is decided in one place (`guard.py`).
"""
