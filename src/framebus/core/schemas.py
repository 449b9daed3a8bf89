"""Types that messages and files are read as, made known before anybody reads one."""

from __future__ import annotations

from typing import Any

import msgspec


def look_up(*kinds: Any) -> None:
    """Look up the fields of `kinds` now; called where their modules are imported, which is one thread's business.

    msgspec (0.22) does so when it first reads one, and where two threads read their first at once, the second uses
    fields that are not there yet: the process ends with a segmentation fault.
    """
    for kind in kinds:
        msgspec.json.Decoder(kind)
