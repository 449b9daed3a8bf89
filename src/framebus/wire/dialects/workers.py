"""The four messages between an image-folder server (ROUTER) and its workers (DEALER).

    request  worker → server   [b"", b"req", b""]
    task     server → worker   [b"", path]
    result   worker → server   [b"", b"rsp", pickle({"incoming_image": path, "worker_id": 3, "status": 1})]
    quit     server → workers  [b"quit", b""]                            on a PUB socket of its own

A ROUTER sees the worker's identity in front: `split_envelope` takes it and the empty part off. A worker asks only
when it is free. Pickles are read by `framebus.wire.pickles`.
"""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from typing import Any

import msgspec

from framebus.core.errors import BadFrame
from framebus.wire.layout import Buffer
from framebus.wire.pickles import loads

MAX_PATH_BYTES = 4096
MAX_RESULT_BYTES = 64 * 1024
_REQUEST, _RESULT, _QUIT = b"req", b"rsp", b"quit"
_PROTOCOL = 4


class Request(msgspec.Struct, frozen=True):
    """A worker is free."""


class Task(msgspec.Struct, frozen=True):
    """The image to work on; whoever takes it checks that the path is one it may read."""

    path: str


class Result(msgspec.Struct, frozen=True):
    """A worker is done with an image; `done` is false when it failed."""

    path: str
    worker: int
    done: bool


class Quit(msgspec.Struct, frozen=True):
    """No more images."""


Message = Request | Task | Result | Quit


def recognise(parts: Sequence[Buffer]) -> bool:
    """Whether these parts, without an envelope, are a worker's request or result, or the call to quit."""
    return len(parts) == 2 and bytes(memoryview(parts[0])[:5]) in (_REQUEST, _RESULT, _QUIT)


def decode_at_server(parts: Sequence[Buffer]) -> Request | Result:
    """What a worker said, its envelope taken off; raises `BadFrame` for anything else."""
    if len(parts) == 2 and bytes(memoryview(parts[0])[:4]) == _REQUEST and not len(parts[1]):
        return Request()
    if len(parts) == 2 and bytes(memoryview(parts[0])[:4]) == _RESULT:
        return _result(loads(parts[1], max_bytes=MAX_RESULT_BYTES))
    raise BadFrame("neither a worker's request nor its result")


def decode_at_worker(parts: Sequence[Buffer]) -> Task | Quit:
    """What the server said, on either of its sockets; raises `BadFrame` for anything else."""
    if len(parts) == 2 and not len(parts[0]):
        return Task(_path(parts[1]))
    if len(parts) == 2 and bytes(memoryview(parts[0])[:5]) == _QUIT and not len(parts[1]):
        return Quit()
    raise BadFrame("neither a task nor the call to quit")


def encode(message: Message) -> list[Buffer]:
    """The parts of a message; a ROUTER puts the worker's identity in front."""
    if isinstance(message, Request):
        return [b"", _REQUEST, b""]
    if isinstance(message, Task):
        return [b"", message.path.encode()]
    if isinstance(message, Quit):
        return [_QUIT, b""]
    said = {"incoming_image": message.path, "worker_id": message.worker, "status": int(message.done)}
    return [b"", _RESULT, pickle.dumps(said, _PROTOCOL)]


def _result(said: Any) -> Result:
    if not isinstance(said, dict):
        raise BadFrame("a worker's result is a mapping")
    path, worker, status = (said.get(key) for key in ("incoming_image", "worker_id", "status"))
    if not isinstance(path, str) or type(worker) is not int or status not in (0, 1):
        raise BadFrame("a worker's result has an incoming_image, a worker_id and a status of 0 or 1")
    return Result(_check(path), worker, bool(status))


def _path(part: Buffer) -> str:
    if len(part) > MAX_PATH_BYTES:
        raise BadFrame(f"path of {len(part)} bytes: the limit is {MAX_PATH_BYTES}")
    try:
        return _check(bytes(part).decode())
    except UnicodeDecodeError as error:
        raise BadFrame(f"path that is no text: {error}") from error


def _check(path: str) -> str:
    if not path or "\x00" in path or len(path) > MAX_PATH_BYTES:
        raise BadFrame(f"{path[:80]!r} is no path")
    return path
