"""What a worker process is told when it starts, in memory that it inherits: where to import from and what to run."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from framebus.core.callables import Target, find, split
from framebus.core.errors import OptionError, Unavailable
from framebus.pool import byvalue
from framebus.pool.worker_process import import_path


class Job(msgspec.Struct, frozen=True):
    """A function or class to be run elsewhere: its text, or its bytes."""

    name: str
    """What people call it: the service."""
    text: str = ""
    """`/path/to/file.py:name=args`, `module:name=args` or `op=args`; empty where `code` is the function."""
    code: bytes = b""
    duty: str = "framebus.pool.calling:answering"
    """What the worker does with it: `module:function`, which makes of a job what is called with each frame."""

    @classmethod
    def of(cls, name: str, target: str | Callable[..., Any]) -> Job:
        """The job to run `target`; imports nothing. Raises `OptionError` for what cannot be taken to a process."""
        if callable(target):
            return cls(name, code=byvalue.to_bytes(target, name))
        place, attribute, arguments = split(target)
        if place.endswith(".py"):
            path = Path(place)
            if not path.is_file():
                raise OptionError(f"{name}: file {place} does not exist (looked in {Path.cwd()})")
            place = str(path.resolve())
        target = f"{place}:{attribute}" if place else attribute
        return cls(name, text=target + (f"={arguments}" if arguments else ""))

    def target(self) -> Target:
        """The function or class, in the process that runs it; imports what that takes."""
        found = find(self.text) if self.text else find(byvalue.from_bytes(self.code))
        return msgspec.structs.replace(found, name=self.name)


def write(job: Job, descriptor: int) -> None:
    """Write `job` and this process's import path to memory that a worker inherits.

    The first line is JSON that a worker can read before it can import anything.
    """
    first = {"name": job.name, "text": job.text, "duty": job.duty, "parent": os.getpid(), "path": import_path()}
    try:
        with open(descriptor, "wb", closefd=False) as file:
            file.write(json.dumps(first).encode() + b"\n" + job.code)
    except OSError as error:
        raise Unavailable(f"{job.name}: its process cannot be told what to do: {error}") from error
