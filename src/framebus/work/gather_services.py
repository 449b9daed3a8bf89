"""The services of a gather: worker processes of our own, and those that somebody serves at an address."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from framebus.core.addresses import Link, parse
from framebus.core.errors import AddressError, OptionError
from framebus.core.frame import Array, Frame, Identity
from framebus.core.names import valid_name
from framebus.core.redaction import redact
from framebus.links.publishing import LinkPublisher
from framebus.pool.worker_handle import Worker
from framebus.pool.worker_job import Job
from framebus.wire.control import Reply
from framebus.work.service_link import Line

Spec = str | Callable[..., Any]
"""A function, a class, `file.py:name` or `module:name`, or the address of a service."""

Told = Callable[[str, Identity, Reply, Sequence[Array]], None]


class Service(Protocol):
    """What frames are sent to."""

    @property
    def there(self) -> bool:
        """True while it takes frames, as far as is known; takes no lock."""
        ...

    @property
    def tells(self) -> bool:
        """True where its owner is told once it is there; others have to be looked at again."""
        ...

    @property
    def hopeless(self) -> str | None:
        """Why it will never answer again; None while it may. Takes no lock."""
        ...

    @property
    def absence(self) -> str:
        """Why it cannot answer now, for people; empty while it can."""
        ...

    @property
    def publisher(self) -> LinkPublisher | None:
        """The link it answers over, while there is one: whoever waits for answers may drive it. Takes no lock."""
        ...

    def look(self) -> None:
        """See again whether it is there, where nobody tells."""
        ...

    def send(self, frame: Frame) -> None:
        """Give it a frame."""
        ...

    def close(self, *, busy: bool) -> None:
        """Let go of it; what it still works on, where it is `busy`, is not waited for."""
        ...


class OwnService:
    """A function or class in a worker process of its own; its supervisor ends the process."""

    tells = True

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self.send = worker.send

    @property
    def there(self) -> bool:
        return self._worker.ready

    @property
    def hopeless(self) -> str | None:
        return f"its process {self._worker.why}" if self._worker.life.over else None

    @property
    def absence(self) -> str:
        return "" if self._worker.ready else f"its process {self._worker.why}"

    @property
    def publisher(self) -> LinkPublisher | None:
        return self._worker.publisher

    def look(self) -> None:
        return

    def close(self, *, busy: bool) -> None:
        return


class ElsewhereService:
    """A service at an address, which listens there; it may come and go."""

    tells = False

    def __init__(self, name: str, address: Link, told: Told) -> None:
        self.there = False
        """Once it was there, it is owed what it is sent, and gets it when it is back."""
        self._line = Line(address, lambda identity, reply, arrays: told(name, identity, reply, arrays))
        self.send = self._line.send
        self.close = self._line.close
        self.publisher = self._line.publisher

    @property
    def hopeless(self) -> str | None:
        return self._line.refusal

    @property
    def absence(self) -> str:
        return self._line.obstacle

    def look(self) -> None:
        self.there = self.there or self._line.present


def own_job(name: str, spec: Spec) -> Job | None:
    """What a worker process of our own is to run; None where `spec` is an address."""
    if isinstance(spec, str) and "://" in spec:
        return None
    if not isinstance(spec, str) and not callable(spec):
        raise OptionError(
            f"{name}={spec!r} is no service: give a function, a class, 'file.py:name' or an address such as "
            "'tcp://gpu-box:7000'"
        )
    return Job.of(name, spec)


def service_address(text: str) -> Link:
    """The address of a service; raises `AddressError` for what is none."""
    address = parse(text)
    if not isinstance(address, Link) or address.dialect:
        raise AddressError(f"{redact(text)} is no place for a service: those are at tcp://, shm:// or ipc:// addresses")
    if address.scheme == "shm" and not valid_name(address.streams):
        raise AddressError(f"{redact(text)}: a service needs a name of its own, such as shm://fft")
    if address.streams and address.scheme != "shm":
        raise AddressError(f"{redact(text)}: a service has no streams, leave out {address.streams!r}")
    return address
