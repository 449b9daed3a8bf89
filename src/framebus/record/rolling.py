"""When files follow each other and which are kept, from the options people give."""

from __future__ import annotations

import math
from typing import Any

from framebus.core.errors import OptionError
from framebus.core.options import check
from framebus.record.pruning import Retention


def rolling(**options: Any) -> dict[str, Any]:
    """The arguments of a `Recorder` that `rotate`, `max_age`, `max_size`, `max_files` and `reserve` mean.

    Raises `OptionError` for what they do not take, and where only one file would grow for ever.
    """
    given = {name: check(name, value) for name, value in options.items()}
    seconds, nbytes = given["rotate"] or (math.inf, math.inf)
    for name in ("max_age", "max_size", "max_files"):
        if given[name] is not None and math.isinf(min(seconds, nbytes)):
            raise OptionError(
                f"{name} removes whole files: say with rotate='10min' (--rotate 10min) when a new one begins"
            )
    if given["max_size"] is not None and nbytes != math.inf and nbytes > given["max_size"]:
        raise OptionError(f"rotate={options['rotate']!r} makes files larger than max_size={options['max_size']!r}")
    retention = Retention(given["max_age"], given["max_size"], given["reserve"] or 0, given["max_files"])
    return {"rotate_s": seconds, "rotate_bytes": nbytes, "retention": retention}
