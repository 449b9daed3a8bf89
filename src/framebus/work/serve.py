"""`fb.serve`: a function or a class that answers frames from anywhere."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable
from typing import Any

from framebus.core import values
from framebus.core.callables import Target, find
from framebus.core.errors import Error, OpError, OptionError
from framebus.pool.answers import kind_of
from framebus.pool.calling import Answering
from framebus.pool.job import Job
from framebus.work.hands import Here, InWorkers
from framebus.work.lines import answer_at
from framebus.work.services import service_address
from framebus.work.serving import Serving


def serve(
    target: str | Callable[..., Any],
    address: str,
    *,
    workers: int = 1,
    allow: Iterable[str] = (),
    insecure: bool = False,
) -> None:
    """Answer frames at an address, until Ctrl-C: others ask there with `fb.gather(name=address)`.

        fb.serve(Segment, "tcp://localhost:7000")        # a class is built once in each worker, then called
        fb.serve("models.py:Detect=yolo.onnx", "shm://detect", workers=2)

    target    a function or class, as it is or by name; what it is called with and may answer is as in `gather`
    address   where to listen: `tcp://localhost:7000`, `tcp://:7000` (the network: keys, `allow` or `insecure`),
              `shm://name`, `ipc:///path`
    workers   how many processes of their own it runs in; 0: here, in this thread
    allow     addresses and networks that may connect without keys; `insecure` lets everybody

    Several may ask at once and get their turns. A worker that dies is started again, and whoever asked about the frame
    it was working on is told. Blocks; `KeyboardInterrupt` reaches you after everything is closed. Raises
    `OptionError` and `OpError` when the target cannot be found or built, `Unavailable` when the place is taken or keys
    are missing.
    """
    with serving(target, address, workers=workers, allow=allow, insecure=insecure) as service:
        service.run()


def serving(
    target: str | Callable[..., Any],
    address: str,
    *,
    workers: int = 1,
    allow: Iterable[str] = (),
    insecure: bool = False,
) -> Serving:
    """What `serve` runs: listening already, answering once `run` is called; close it, or use `with`."""
    link = service_address(address)
    count = _count(workers)
    target = checked_target(target)
    name = target.partition("=")[0] if isinstance(target, str) else getattr(target, "__name__", "the function")
    networks = _allowed(allow)
    job = Job.of(name, target) if count else None
    source = answer_at(link, allow=networks, insecure=insecure)
    try:
        hands = _here(name, target) if job is None else InWorkers(job, count)
    except BaseException:
        source.close()
        raise
    return Serving(name, source, hands)


def checked_target(target: str | Callable[..., Any]) -> str | Callable[..., Any]:
    """`target` itself; raises `OptionError` for what is no function and no class."""
    function = target.func if isinstance(target, functools.partial) else target
    if isinstance(target, str) or inspect.isroutine(function) or inspect.isclass(function):
        return target
    raise OptionError(
        f"{kind_of(target)} is neither a function nor a class, and objects cannot be served in this version: "
        "give its class, which is built where it runs, or a function that calls it"
    )


def _here(name: str, target: str | Callable[..., Any]) -> Here:
    found = find(target)
    try:
        return Here(Answering(Target(name, found.function, found.arguments, found.named)))
    except Error:
        raise
    except Exception as error:
        raise OpError(f"{name} could not be built: {type(error).__name__}: {error}") from error


def _count(workers: Any) -> int:
    if isinstance(workers, int) and not isinstance(workers, bool) and 0 <= workers <= 1024:
        return workers
    raise OptionError(f"workers={workers!r} is not possible: give a number of processes from 1, or 0 for none")


def _allowed(allow: Iterable[str]) -> tuple[str, ...]:
    try:
        return values.allow(allow if isinstance(allow, str) else list(allow))
    except (TypeError, ValueError):
        raise OptionError(
            f"allow={allow!r} is not possible: give IP addresses or networks ('10.0.0.7', '192.168.1.0/24')"
        ) from None
