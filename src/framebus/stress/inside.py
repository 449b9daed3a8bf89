"""Another module in the network of another process: `python -m framebus.stress.inside PID MODULE ARGUMENT…`."""

from __future__ import annotations

import ctypes
import os
import runpy
import sys

CLONE_NEWNET = 0x40000000


def enter(pid: int) -> None:
    """This process uses the network of process `pid` from now on. Raises `OSError` where it may not."""
    with open(f"/proc/{pid}/ns/net", "rb") as network:
        if ctypes.CDLL(None, use_errno=True).setns(network.fileno(), CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), f"network of process {pid}")


if __name__ == "__main__":
    enter(int(sys.argv[1]))
    sys.argv = sys.argv[2:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
