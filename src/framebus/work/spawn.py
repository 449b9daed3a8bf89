"""`fb.spawn`: an object in a process of its own, as if it were here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from framebus.core.errors import OptionError
from framebus.core.options import nearest
from framebus.pool.answers import kind_of
from framebus.work.objects.building import check_arguments
from framebus.work.objects.front import Front
from framebus.work.objects.home import RESTARTS, OwnProcess, Restart
from framebus.work.objects.proxy import Remote
from framebus.work.objects.residence import residence_job


def spawn(target: str | Callable[..., Any], *args: Any, restart: Restart = "on-failure", **kwargs: Any) -> Remote:
    """Build an object in a process of its own, and call it as if it were here.

        with fb.spawn(Camera, "/dev/video0", gain=2) as cam:
            cam.exposure_ms = 12
            frame = cam.read()

    target         a class, or a function that returns an object; by name, too: `file.py:Camera`, `module:Camera`.
                   It needs no `if __name__ == "__main__":`, and what it refers to goes along
    args, kwargs   what it is built with, also when it is built again
    restart        `on-failure`: when its process dies, or its loop fails; `always`: also when its loop has ended;
                   `never`. At most ten times a minute, later each time; five deaths in a row within seconds are the end

    An object with a `run()` that takes nothing has a loop of its own, which begins once it is built. `async def run`:
    calls are executed in the same event loop, while it awaits. Plain `def run`: it has the main thread, calls are
    executed in another one at the same time, and it is ended by a `KeyboardInterrupt`. When it returns, the object has
    ended. An object with a `close()` has that called at its end.

    Where its class takes a parameter `emit`, the object gets a function to tell events with: `emit(anything a method
    may answer)`, from any thread. `for event in cam.events():` receives them all, also those from before it asked.

    Returns at once, while the process starts; the first use waits for that, and raises what kept it from being built.
    Calls wait as long as they take. When the process dies, the call under way raises `RemoteError`; those that wait go
    to the one that is started in its place. It ends when the remote is closed, at the latest with this process: at
    once if it waits, after two seconds if it is busy. Raises `OptionError` for arguments the class does not take, and
    for what cannot be taken to another process.
    """
    if restart not in RESTARTS:
        raise OptionError(f"restart={restart!r} is not possible: {nearest(str(restart), RESTARTS)}")
    if not (isinstance(target, str) or callable(target)):
        raise OptionError(f"{kind_of(target)} cannot be spawned: give a class, or a function that returns the object")
    name = _name(target)
    if not isinstance(target, str):
        check_arguments(name, target, args, kwargs)
    job = residence_job(name, target, args, kwargs)
    return Remote(Front(lambda hearer: OwnProcess(job, restart, hearer), None))


def _name(target: str | Callable[..., Any]) -> str:
    return target.partition("=")[0] if isinstance(target, str) else getattr(target, "__name__", kind_of(target))
