"""What a worker process runs: `python worker.py SOCKET JOB [WORDS]`, descriptors that it inherits.

Started by its path, so that neither the user's program nor the folder it happens to be in has a say in what is
imported; it takes over its parent's `sys.path` before it imports anything else.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import signal
import sys


def main() -> None:
    """The process of a worker that was started as a program."""
    work(*map(int, sys.argv[1:]))


def work(link: int, job: int, *words: int) -> None:
    """Read the job, then answer frames until there are no more."""
    for number in (signal.SIGINT, signal.SIGTERM):  # sent to all of us: the parent decides, we end when it does
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT, signal.SIGTERM})
    os.set_inheritable(link, False)
    for descriptor in words:
        _prepare(descriptor)
    with open(job, "rb") as file:
        file.seek(0)  # a worker before this one has read it
        first = json.loads(file.readline())
        code = file.read()
    sys.path[:] = first["path"]

    from framebus.pool.duty import serve
    from framebus.pool.worker_job import Job

    serve(link, first["parent"], Job(first["name"], first["text"], code, first["duty"]))


def _prepare(words: int) -> None:
    """Load what the first line says, and wait until there is a job; end where whoever has started this does.

    What cannot be loaded now is told when it is needed.
    """
    with open(words, "rb") as file:
        told = json.loads(file.readline() or b"null")
        if told is not None:
            sys.path[:] = told["path"]
            with contextlib.suppress(Exception):
                for module in told["load"]:
                    importlib.import_module(module)
        if not file.readline():
            os._exit(0)


if __name__ == "__main__":
    main()
