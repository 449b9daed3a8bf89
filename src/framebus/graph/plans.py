"""What each process of a system is to do, checked and JSON-able: it travels there, and is compared on reload."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, TypeAlias

import msgspec

from framebus.pool import byvalue
from framebus.pool.worker_job import Job
from framebus.web.opening import Wanted

Restart = Literal["on-failure", "never"]


class Stream(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of `[streams]`: where it comes from; it becomes `shm://<name>`."""

    source: str
    options: dict[str, Any] = {}
    """Those of `framebus pipe`, as they were given; checked."""


class Capture(msgspec.Struct, frozen=True, tag="capture"):
    """All of `[streams]`, in one process."""

    streams: dict[str, Stream]


class Pipe(msgspec.Struct, frozen=True, kw_only=True, tag="pipe"):
    """One `[pipes.x]`."""

    sources: tuple[str, ...]
    sink: str
    ops: tuple[Job, ...] = ()
    gather: dict[str, Job] = {}
    """Services by the name of their answer: addresses, and what runs in processes of the pipe's own."""
    options: dict[str, Any] = {}
    """All the others."""


class Service(msgspec.Struct, frozen=True, kw_only=True, tag="service"):
    """One `[services.x]`."""

    op: Job
    address: str
    options: dict[str, Any] = {}


class Web(Wanted, frozen=True, kw_only=True, tag="web"):
    """`[web]`: the page."""


Work: TypeAlias = Capture | Pipe | Service | Web


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """One process: what it does, and how it is looked after."""

    key: str
    """What it is called in the file: `streams`, `pipes.look`, `services.segment`, `web`."""
    work: Work
    stage: int = 0
    """Those of a lower stage are stopped first: what makes frames before what takes them."""
    restart: Restart = "on-failure"

    @property
    def name(self) -> str:
        """The last word of `key`."""
        return self.key.partition(".")[2] or self.key


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where the processes of a system run."""

    folder: str
    """The working directory: relative file names begin there."""
    command: tuple[str, ...] = ("framebus", "run")
    """What lists of processes call them, before their name."""
    debug: bool = False
    """Say everything, with tracebacks."""


def job_of(target: str | Callable[..., Any]) -> Job:
    """What is to run, as it travels: a text as it is, a function or class by value. Raises `OptionError`."""
    if isinstance(target, str):
        return Job(target, text=target)
    name = getattr(target, "__name__", type(target).__name__)
    return Job(name, code=byvalue.to_bytes(target, name))


def target_of(job: Job) -> str | Callable[..., Any]:
    """What `job_of` was given. Only in a process that was told so by its parent."""
    found: str | Callable[..., Any] = job.text or byvalue.from_bytes(job.code)
    return found
