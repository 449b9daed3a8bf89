"""Who we are, for the other end's messages."""

from __future__ import annotations

import os
import socket
import sys

from framebus.core.machine import host_id
from framebus.links import ports
from framebus.wire.control import Party


def party() -> Party:
    """This process."""
    return Party(
        host=host_id(),
        hostname=socket.gethostname()[:64],
        user=os.getuid() if hasattr(os, "getuid") else -1,
        pid=os.getpid(),
        command=ports.shorten(sys.orig_argv or sys.argv),
    )
