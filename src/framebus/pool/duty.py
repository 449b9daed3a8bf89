"""A worker's day: build what it is to run, say that it is ready, answer one frame after another."""

from __future__ import annotations

import faulthandler
import gc
import logging
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from importlib import import_module

from framebus.core.allocator import keep_freed
from framebus.core.contracts import Item
from framebus.core.errors import BadFrame, Closed, OptionError, Unavailable
from framebus.links.private import PRIVATE, adopt_reader
from framebus.links.receiving import LinkSource
from framebus.pool.calling import Said, described
from framebus.pool.worker_job import Job
from framebus.supervise.lifeline import die_with

READY = "ready"
"""The stream of the first frame a worker gets; its answer says that the worker is built, or why it cannot be."""
KEPT_BYTES = 512 << 20
"""A worker needs for the next frame what it needed for the last."""


Work = Callable[[Item], Said]
"""What answers one frame after another; or, where it has `attend(source)`, what sees to all that comes itself."""


def serve(link: int, parent: int, job: Job) -> None:
    """Answer frames until the parent closes the link or dies."""
    die_with(parent)
    keep_freed(KEPT_BYTES)
    faulthandler.enable()  # where a native crash happened is worth knowing
    for stream in (sys.stdout, sys.stderr):
        if (reconfigure := getattr(stream, "reconfigure", None)) is not None:
            # lines of several processes stay whole, and come in time
            reconfigure(line_buffering=True, write_through=False)
    logging.getLogger("framebus").addFilter(_of_interest)
    with suppress(Closed), adopt_reader(socket.socket(fileno=link)) as source:
        first = source.take(None)
        if first is None:
            return
        work, said = _built(job)
        _reply(source, first, said)
        if work is not None:
            gc.freeze()  # what was built lives as long as this process: no collection need walk through it
            getattr(work, "attend", partial(_answer_all, work=work))(source)


def _of_interest(record: logging.LogRecord) -> bool:
    """Not what a link says of itself when nobody has asked anything for a while."""
    return not record.getMessage().startswith(PRIVATE)


def _built(job: Job) -> tuple[Work | None, Said]:
    module, _, function = job.duty.partition(":")
    try:
        return getattr(import_module(module), function)(job), Said(data={"ready": True})
    except (Exception, SystemExit) as error:
        return None, Said(data={"option": isinstance(error, OptionError)}, error=described(error))


def _answer_all(source: LinkSource, work: Work) -> None:
    while (item := source.take(None)) is not None:
        _reply(source, item, work(item))


def _reply(source: LinkSource, item: Item, said: Said) -> None:
    try:
        source.reply(item, said.data, said.arrays, said.error)
    except (BadFrame, Unavailable) as error:  # too large to travel, or no shared memory left for it
        source.reply(item, error=described(error))
