"""What a worker process runs: `python worker.py SOCKET JOB`, two descriptors that it inherits.

Started by its path, so that neither the user's program nor the folder it happens to be in has a say in what is
imported; it takes over its parent's `sys.path` before it imports anything else.
"""

from __future__ import annotations

import json
import os
import signal
import sys


def main() -> None:
    """Read the job, then answer frames until there are no more."""
    for number in (signal.SIGINT, signal.SIGTERM):  # sent to all of us: the parent decides, we end when it does
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT, signal.SIGTERM})
    link, job = map(int, sys.argv[1:])
    os.set_inheritable(link, False)
    with open(job, "rb") as file:
        file.seek(0)  # a worker before this one has read it
        first = json.loads(file.readline())
        code = file.read()
    sys.path[:] = first["path"]

    from framebus.pool.duty import serve
    from framebus.pool.worker_job import Job

    serve(link, first["parent"], Job(first["name"], first["text"], code, first["duty"]))


if __name__ == "__main__":
    main()
