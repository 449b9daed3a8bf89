"""One file, one running system: a second one would want the names that the first one has."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress

from framebus.config.parsing import Description
from framebus.core.closing import Closing
from framebus.core.errors import Unavailable
from framebus.graph.plans import Capture, Pipe, Plan, Service
from framebus.links import directory


class Once(Closing):
    """Stands in the list of this machine while the system of a file runs. One described by a dict does not.

    Raises `Unavailable` where a system of this file runs that makes something which this one would make, too; what a
    file makes can be said by the environment (`${SITE}`). Where the machine has no folder for such lists nobody knows.
    """

    def __init__(self, description: Description) -> None:
        refuse_second(description)
        self._entry: directory.Entry | None = None
        if not description.file:
            return
        with suppress(Unavailable):
            self._entry = directory.register(
                "system", _path(description), streams=_makes(description.plans), listens=False
            )
        try:
            refuse_second(description, self._entry)  # two may have begun at once
        except Unavailable:
            self.close()
            raise

    def now(self, description: Description) -> None:
        """The file was saved, and applied."""
        if self._entry is not None:
            self._entry.update(streams=_makes(description.plans))

    def close(self) -> None:
        """It runs no more; idempotent."""
        if self._entry is not None:
            self._entry.close()


def refuse_second(description: Description, ours: directory.Entry | None = None) -> None:
    """Raise `Unavailable` where the system of this file runs already: where it was there before `ours`."""
    if not description.file:
        return
    makes = set(_makes(description.plans))
    for record in _of_file(_path(description)):
        if ours is not None and (record.since, record.pid) >= (ours.record.since, ours.record.pid):
            continue
        if makes & set(record.streams) or makes == set(record.streams):
            raise Unavailable(
                f"{description.file} runs already, as process {record.pid}: saving the file applies changes to it, and "
                f"kill {record.pid} ends it; a second system takes a file with other names"
            )


def _of_file(path: str) -> Iterator[directory.Record]:
    return (record for record in directory.entries() if record.kind == "system" and record.address == path)


def _path(description: Description) -> str:
    """The same however it is called."""
    return os.path.realpath(description.file)


def _makes(plans: Iterable[Plan]) -> tuple[str, ...]:
    """Where others find what it makes."""
    found: list[str] = []
    for plan in plans:
        match plan.work:
            case Capture(streams=streams):
                found += (f"shm://{name}" for name in streams)
            case Pipe(sink=sink) if sink not in ("null:", "window:"):
                found.append(sink)
            case Service(address=address):
                found.append(address)
    return tuple(dict.fromkeys(found))
