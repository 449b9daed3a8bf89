"""How people call what a description says: names for addresses, what each part does, and no secrets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from framebus.config.parsing import Description
from framebus.config.targets import reachable
from framebus.core.redaction import redact
from framebus.graph.plans import Capture, Pipe, Service


class Wording:
    """The words for one description."""

    def __init__(self, description: Description) -> None:
        self._hide = description.hide
        self._names: dict[str, str] = {}
        for plan in description.plans:
            match plan.work:
                case Capture(streams=streams):
                    self._names |= {f"shm://{name}": name for name in streams}
                case Pipe(sink=sink) if sink == f"shm://{plan.name}":
                    self._names[sink] = plan.name
                case Service(address=address):
                    self._names[reachable(address)] = plan.name

    def shown(self, text: str) -> str:
        """The name of what is there, or the address without secrets."""
        return self._names.get(text) or self.hidden(text)

    def hidden(self, text: str) -> str:
        """`text` without secrets."""
        return redact(self._hide(text))

    def doing(self, work: Pipe) -> Iterator[str]:
        """What a pipe does to frames on their way."""
        for name, job in work.gather.items():
            yield f"asks {name}: {self.shown(job.name)}"
        for op in work.ops:
            yield f"op {self.shown(op.name)}"
        yield from self.options(work.options)

    def options(self, options: Mapping[str, Any]) -> Iterator[str]:
        """Options with their values."""
        for name, value in options.items():
            words = {"True": name, "False": f"no {name}"}
            yield self.hidden(words.get(str(value), f"{name} {value}"))
