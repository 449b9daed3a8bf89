"""What all services of a gather said about one frame."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from framebus.core.errors import BadFrame, Error, OpError
from framebus.core.frame import Frame
from framebus.core.options import nearest
from framebus.pool.answers import kind_of, unpack
from framebus.pool.questions import named
from framebus.pool.worker_handle import failure
from framebus.work.calls import Outcome

RESERVED = frozenset({"frame", "get", "items", "keys", "missing", "values"})
"""Words that mean something else on an answer, so that no service can be called so."""


class Answer(Mapping[str, Any]):
    """The answers to one frame, by the names of the services: `answer.seg` or `answer["seg"]`.

    A service that did not answer (too late, away, crashed) gives None, and `missing` says why. One whose function
    raised an exception is in `missing`, too, and asking for its answer raises `OpError`. As a mapping it has the
    names of the services that answered. Arrays are read-only.
    """

    __slots__ = ("_errors", "_frame", "_known", "_missing", "_values")

    def __init__(self, frame: Frame, outcomes: Mapping[str, Outcome]) -> None:
        self._frame = frame
        self._known = tuple(outcomes)
        self._values: dict[str, Any] = {}
        self._errors: dict[str, Error] = {}
        self._missing: dict[str, str] = {}
        for name, outcome in outcomes.items():
            self._read(name, outcome)

    def _read(self, name: str, outcome: Outcome) -> None:
        if outcome.missing:
            self._missing[name] = outcome.missing
        elif outcome.error:
            self._fail(name, failure(f"{name} failed on {named(self._frame)}", outcome.error))
        else:
            try:
                self._values[name] = unpack(outcome.data, outcome.arrays)
            except BadFrame as error:
                self._fail(name, OpError(f"{name} answered {named(self._frame)} with something else: {error}"))

    def _fail(self, name: str, error: Error) -> None:
        self._errors[name] = error
        self._missing[name] = str(error)

    @property
    def frame(self) -> Frame:
        """The frame that was asked about."""
        return self._frame

    @property
    def missing(self) -> Mapping[str, str]:
        """The services without an answer, and why; empty, and so false, when all answered."""
        return self._missing

    def __getitem__(self, name: str) -> Any:
        if name in self._errors:
            raise self._errors[name]
        if name not in self._known:
            raise KeyError(self._unknown(name))
        return self._values.get(name)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):  # copying and pickling ask before anything is set
            raise AttributeError(name)
        try:
            return self[name]
        except KeyError as error:
            raise AttributeError(self._unknown(name)) from error

    def get(self, name: str, default: Any = None) -> Any:
        """The answer of a service, `default` where there is none."""
        return self._values.get(name, default)

    def __contains__(self, name: object) -> bool:
        return name in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        said = [f"{name}={kind_of(value)}" for name, value in self._values.items()]
        missing = [f"missing {name}: {why}" for name, why in self._missing.items()]
        return f"<Answer to {named(self._frame)}: {', '.join(said + missing)}>"

    def _unknown(self, name: str) -> str:
        return f"no service is called {name!r}: {nearest(name, self._known)}"
