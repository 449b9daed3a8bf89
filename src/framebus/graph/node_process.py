"""What a node's process runs: `python node_process.py CHANNEL OUTPUT NAME`, two descriptors that it inherits.

Started by its path, so that neither the user's program nor the folder it happens to be in has a say in what is
imported. What it is to do is the first line that comes over the channel: nothing of it is on a command line.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys


def main() -> int:
    """Read what to do, do it; the exit code."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides; it has blocked the signal until here
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    channel, output = map(int, sys.argv[1:3])
    os.set_inheritable(channel, False)
    for standard, name in ((1, "stdout"), (2, "stderr")):
        os.dup2(output, standard)
        text = open(standard, "w", buffering=1, encoding="utf-8", errors="replace", closefd=False)  # noqa: SIM115
        setattr(sys, name, text)
    os.close(output)
    end = socket.socket(fileno=channel)
    line, rest = _first_line(end)
    first = json.loads(line)
    sys.path[:] = first["path"]
    sys.orig_argv[:] = first["command"]  # what `framebus list` shows
    os.chdir(first["folder"])

    from framebus.graph.node_life import serve

    return serve(end, rest, first["parent"], first["work"], debug=first["debug"])


def _first_line(end: socket.socket) -> tuple[bytes, bytes]:
    data = b""
    while b"\n" not in data:
        piece = end.recv(65536)
        if not piece:  # the parent died before it had told us anything
            sys.exit(0)
        data += piece
    line, _, rest = data.partition(b"\n")
    return line, rest


if __name__ == "__main__":
    sys.exit(main())
