"""What handlers answer with, and how they read what they are given: JSON, bounded and typed."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from typing import Any, TypeVar

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from framebus.core.errors import Error
from framebus.core.not_json import NOT_JSON
from framebus.core.redaction import redact

T = TypeVar("T")
MAX_BODY_BYTES = 64 * 1024


class Wrong(HTTPException):
    """What was asked cannot be done; `field` names what of it is at fault, where one thing is."""

    def __init__(self, status: int, why: str, field: str = "") -> None:
        super().__init__(status, why)
        self.field = field


def as_json(content: Any, status: int = 200) -> Response:
    """An answer."""
    return Response(msgspec.json.encode(content), status, media_type="application/json")


def known(streams: Mapping[str, T], name: str) -> T:
    """The stream of that name; raises `Wrong` where there is none."""
    if name not in streams:
        raise Wrong(404, "there is no such stream: api/streams lists them")
    return streams[name]


async def refused(request: Request, error: Exception) -> Response:
    """What went wrong, as JSON."""
    if not isinstance(error, HTTPException):
        raise error
    field = getattr(error, "field", "")
    return as_json({"error": redact(error.detail)} | ({"field": field} if field else {}), error.status_code)


def number(request: Request, name: str, default: float, most: float) -> float:
    """The number of that name in the address, from 0 to `most`; raises `Wrong` for anything else."""
    try:
        value = float(request.query_params.get(name, default))
    except ValueError:
        value = math.nan
    if not 0 <= value <= most:
        raise Wrong(422, f"{name} takes a number from 0 to {most:g}", name)
    return value


async def body(request: Request, form: type[T]) -> T:
    """The request's JSON as a `form`; raises `Wrong` for anything else."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise Wrong(415, "send JSON, with Content-Type: application/json")
    data = b""
    async for part in request.stream():
        data += part
        if len(data) > MAX_BODY_BYTES:
            raise Wrong(413, f"that is too much: {MAX_BODY_BYTES} bytes at most")
    try:
        return msgspec.json.decode(data, type=form)
    except NOT_JSON as error:
        raise Wrong(422, str(error)) from None


async def beside(executor: Executor, work: Callable[[], T]) -> T:
    """The result of `work`, done in a thread beside the loop; what cannot be done is a 422 that says why."""
    try:
        return await asyncio.get_running_loop().run_in_executor(executor, work)
    except Error as error:
        raise Wrong(422, str(error)) from error
