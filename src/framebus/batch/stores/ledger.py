"""Where the journal of a job is whose outputs are objects: a folder of this machine, one for each place of outputs."""

from __future__ import annotations

import hashlib
import re

from framebus.batch.stores.urls import absolute, is_url, shown
from framebus.core import state

_LONGEST = 80


def folder_for(root: str) -> str:
    """The folder of the journal: `root` itself, or one in the user's directory for state, made by whoever locks it.

    It depends on where outputs go alone, so that other inputs and other ops are noticed.
    """
    if not is_url(root):
        return root
    name = shown(absolute(root))
    digest = hashlib.blake2b(name.encode("utf-8", "surrogateescape"), digest_size=8).hexdigest()
    readable = re.sub(r"[^A-Za-z0-9._-]+", "-", name)[:_LONGEST].strip("-.")
    return str(state.folder() / "jobs" / f"{readable}-{digest}")
