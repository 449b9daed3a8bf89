"""`fb.remote`: an object that somebody serves, as if it were here."""

from __future__ import annotations

from framebus.core.redaction import redact
from framebus.core.units import duration
from framebus.work.gather_services import service_address
from framebus.work.objects.front import Front
from framebus.work.objects.object_channel import Elsewhere
from framebus.work.objects.proxy import Remote


def remote(address: str, *, timeout: float | str | None = 5) -> Remote:
    """The object that `fb.serve` or `framebus serve` serves at `address`: call it as if it were here.

        with fb.remote("tcp://lab-pc:6000") as cam:
            cam.exposure_ms = 12
            frame = cam.read()

        async with fb.remote("tcp://lab-pc:6000") as cam:
            frame = await cam.read()

    address   `tcp://lab-pc:6000`, `shm://camera`, `ipc:///path`; it need not be served yet
    timeout   how long an answer may take, waiting for whoever serves it included (seconds, or text such as `"200ms"`);
              None: for ever

    Calls made while nobody serves it wait for that, and say so after a second; they are executed in the order in which
    they were made, each at most once. When the server is restarted, what was not begun is done by the new one; a call
    that was under way raises `RemoteError`, since it may or may not have been executed. `Timeout` says which of these
    it is. See `Remote` for what else there is. Raises `AddressError` for what is no address of an object.
    """
    return Remote(front(address, None if timeout is None else duration(timeout)))


def front(address: str, limit_s: float | None) -> Front:
    """What a `Remote` stands on: for those who want to know what is there, and not only call it."""
    where = service_address(address)
    return Front(lambda hearer: Elsewhere(redact(address), where, hearer), limit_s)
