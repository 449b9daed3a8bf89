"""`fb.serve`: a function or class that answers frames from anywhere, or an object that is called from anywhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from framebus.core import values
from framebus.core.addresses import Link
from framebus.core.callables import Target, find
from framebus.core.errors import Error, OpError, OptionError
from framebus.pool.answers import kind_of
from framebus.pool.calling import Answering
from framebus.pool.worker_job import Job
from framebus.work.gather_services import service_address
from framebus.work.kinds import is_service
from framebus.work.objects.building import built_here
from framebus.work.objects.device import Device
from framebus.work.objects.events import Events
from framebus.work.service_link import answer_at
from framebus.work.service_workers import Here, InWorkers
from framebus.work.serving import Serving


def serve(
    target: Any,
    address: str,
    *,
    workers: int = 1,
    allow: Iterable[str] = (),
    insecure: bool = False,
) -> None:
    """Serve a function, a class or an object at an address, until Ctrl-C.

        fb.serve(Segment, "tcp://localhost:7000")        # a class with __call__: answers frames
        fb.serve("models.py:Detect=yolo.onnx", "shm://detect", workers=2)
        fb.serve(Camera("/dev/video0"), "tcp://localhost:6000")   # an object: others call its methods

    target    a function, or a class whose objects are called (`__call__`): a *service* that answers frames, for those
              who ask with `fb.gather(name=address)`; what it is called with and may answer is as there.
              An object, or a class without `__call__`, which is built once: a *device*, for `fb.remote(address)` and
              `framebus call`. All are given as they are, classes and functions by name, too
    address   where to listen: `tcp://localhost:7000`, `tcp://:7000` (the network: keys, `allow` or `insecure`),
              `shm://name`, `ipc:///path`
    workers   of a service: how many processes of their own it runs in; 0: here, in this thread
    allow     addresses and networks that may connect without keys; `insecure` lets everybody

    Several may ask at once and get their turns. Blocks; `KeyboardInterrupt` reaches you after everything is closed.

    A service's worker that dies is started again, and whoever asked about the frame it was working on is told.

    A device lives here: its methods run in this thread, one at a time, in the order in which they were asked; where
    one of them is `async`, all run in an event loop of their own. Public methods and attributes are served (no leading
    underscore, defined below `object`). An object that was built here has its `close()` called at the end, and gets a
    function that tells events where its class takes a parameter `emit`. Over the network with keys, whoever calls it
    needs the right `control` for the name of its class. It ends when somebody calls `stop()`, unless it has one itself.

    Raises `OptionError` and `OpError` when the target cannot be found or built, `Unavailable` when the place is taken
    or keys are missing.
    """
    with serving(target, address, workers=workers, allow=allow, insecure=insecure) as service:
        service.run()


def serving(
    target: Any,
    address: str,
    *,
    workers: int = 1,
    allow: Iterable[str] = (),
    insecure: bool = False,
) -> Serving | Device:
    """What `serve` runs: listening already, answering once `run` is called; close it, or use `with`."""
    if not isinstance(address, str):
        raise OptionError(f"serve takes what is served first, then the address; got {kind_of(address)} for the address")
    link = service_address(address)
    count = _count(workers)
    networks = _allowed(allow)
    if is_service(target):
        return _service(target, link, count, networks, insecure)
    if workers not in (0, 1):
        raise OptionError(f"workers={workers!r} is not possible: an object lives in one process; leave it out")
    return _device(target, link, networks, insecure)


def _service(
    target: str | Callable[..., Any], link: Link, count: int, allow: tuple[str, ...], insecure: bool
) -> Serving:
    name = target.partition("=")[0] if isinstance(target, str) else getattr(target, "__name__", "the function")
    job = Job.of(name, target) if count else None
    source = answer_at(link, allow=allow, insecure=insecure)
    try:
        hands = _here(name, target) if job is None else InWorkers(job, count)
    except BaseException:
        source.close()
        raise
    return Serving(name, source, hands)


def _device(target: Any, link: Link, allow: tuple[str, ...], insecure: bool) -> Device:
    """The place is taken first: two that open the same camera would disturb each other."""
    found = find(target) if isinstance(target, str | type) else None
    source = answer_at(link, allow=allow, insecure=insecure)
    events = Events()
    try:
        if found is None:
            return Device(type(target).__name__, target, events, source, ours=False)
        thing = built_here(found.name, found.function, found.arguments, found.named, events.emit)
        return Device(found.name, thing, events, source, ours=True)
    except BaseException:
        source.close()
        raise


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
