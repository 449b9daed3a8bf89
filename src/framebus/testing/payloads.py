"""Things that run when somebody unpickles, loads or evaluates them: each would make a file, the canary."""

from __future__ import annotations

import builtins
import json
import marshal
import os
import pickle
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np


class Canary:
    """A file that nobody may make; `caught` is what else was seen of code that was about to run, by Python itself.

    Make one before anything is loaded; it watches this process until the end.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.watching = False
        self.caught: list[str] = []
        sys.addaudithook(self._audit)

    @property
    def sang(self) -> bool:
        """Whether something ran."""
        return self.path.exists() or bool(self.caught)

    def _audit(self, event: str, arguments: tuple[object, ...]) -> None:
        if self.watching and event in ("pickle.find_class", "os.system", "os.exec", "os.posix_spawn"):
            self.caught.append(f"{event} {arguments}"[:500])

    # what would make it ------------------------------------------------------------------------------------------

    def pickles(self) -> list[bytes]:
        """As programs of the unpickler, in every protocol."""
        calls = [
            _Call(os.system, f"touch {self.path}"),
            _Call(builtins.open, str(self.path), "w"),
            _Call(builtins.eval, f"open({str(self.path)!r}, 'w')"),
            _Call(builtins.exec, f"open({str(self.path)!r}, 'w')"),
            _Call(Path.touch, self.path),
        ]
        wrapped = [calls[1], [np.zeros((2, 2, 3), np.uint8), calls[1]], {"image": calls[0]}]
        every = [*calls, *wrapped, np.array([calls[1], calls[0]], dtype=object)]
        return [pickle.dumps(call, protocol) for call in every for protocol in (0, 2, pickle.HIGHEST_PROTOCOL)]

    def texts(self) -> list[str]:
        """As what `eval`, a shell, a YAML loader or a template would run."""
        make = f"open({str(self.path)!r}, 'w')"
        return [
            make,
            f"__import__('os').system('touch {self.path}')",
            f"!!python/object/apply:os.system ['touch {self.path}']",
            f"!!python/object/new:pathlib.Path.touch [{self.path}]",
            f"{{{{ {make} }}}}",
            f"${{{make}}}",
            f"$(touch {self.path})",
            f"`touch {self.path}`",
            f"; touch {self.path} ;",
            f"| touch {self.path}",
            f"'; {make}; '",
        ]

    def others(self) -> list[bytes]:
        """As code objects."""
        code = compile(f"open({str(self.path)!r}, 'w')", "canary", "exec")
        return [marshal.dumps(code), b"\x80\x04\x95" + marshal.dumps(code)]

    def all(self) -> list[bytes]:
        """Every one, as bytes."""
        return [*self.pickles(), *self.others(), *(text.encode() for text in self.texts())]

    def in_json(self) -> Iterator[bytes]:
        """Every one as a value of JSON."""
        for text in (*self.texts(), *(data.decode("latin-1") for data in self.pickles())):
            yield json.dumps(text).encode()
        for text in self.texts():
            yield json.dumps({"py/object": "os.system", "py/reduce": [text], "__class__": text}).encode()


class _Call:
    """Pickles as a call."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> Any:
        return self.call
