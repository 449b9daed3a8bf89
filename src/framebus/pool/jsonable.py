"""What JSON can say of an answer: pictures and large arrays by what they are, not by their numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

SHOWN = 64
"""Arrays of at most so many numbers are shown in full."""


def jsonable(answer: Any, told: Callable[[Any], Any]) -> Any:
    """`answer` for `msgspec.json.encode`; `told` says what is put for whatever is no container and no array."""
    if isinstance(answer, dict):
        return {str(key): jsonable(value, told) for key, value in answer.items()}
    if isinstance(answer, list | tuple):
        return [jsonable(value, told) for value in answer]
    if not isinstance(answer, np.ndarray):
        return told(answer)
    if answer.size <= SHOWN and answer.dtype.kind in "biuf":
        return jsonable(answer.tolist(), told)
    return {"shape": list(answer.shape), "dtype": str(answer.dtype)}
