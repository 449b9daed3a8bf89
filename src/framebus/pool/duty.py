"""A worker's day: build what it is to run, say that it is ready, answer one frame after another."""

from __future__ import annotations

import faulthandler
import gc
import logging
import socket
import sys
from contextlib import suppress

from framebus.core.contracts import Item
from framebus.core.errors import BadFrame, Closed, OptionError, Unavailable
from framebus.links.link import PRIVATE, adopt_reader
from framebus.links.reading import LinkSource
from framebus.pool.calling import Answering, Said, described
from framebus.pool.job import Job
from framebus.supervise.lifeline import die_with

READY = "ready"
"""The stream of the first frame a worker gets; its answer says that the worker is built, or why it cannot be."""


def serve(link: int, parent: int, name: str, text: str, code: bytes) -> None:
    """Answer frames until the parent closes the link or dies."""
    die_with(parent)
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
        answering, said = _built(Job(name, text, code))
        _reply(source, first, said)
        if answering is not None:
            gc.freeze()  # what was built lives as long as this process: no collection need walk through it
            _answer_all(source, answering)


def _of_interest(record: logging.LogRecord) -> bool:
    """Not what a link says of itself when nobody has asked anything for a while."""
    return not record.getMessage().startswith(PRIVATE)


def _built(job: Job) -> tuple[Answering | None, Said]:
    try:
        return Answering(job.target()), Said(data={"ready": True})
    except (Exception, SystemExit) as error:
        return None, Said(data={"option": isinstance(error, OptionError)}, error=described(error))


def _answer_all(source: LinkSource, answering: Answering) -> None:
    while (item := source.take(None)) is not None:
        _reply(source, item, answering(item))


def _reply(source: LinkSource, item: Item, said: Said) -> None:
    try:
        source.reply(item, said.data, said.arrays, said.error)
    except (BadFrame, Unavailable) as error:  # too large to travel, or no shared memory left for it
        source.reply(item, error=described(error))
