"""`fb.map`: any function on any number of processes, frame by frame."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import suppress
from typing import Any, Literal, overload

from framebus.core import values
from framebus.core.bell import SLICE_S
from framebus.core.errors import Error, OpError, OptionError
from framebus.core.frame import Array, Frame
from framebus.core.ops import load_all
from framebus.core.options import check
from framebus.pool.answers import kind_of
from framebus.pool.map_worker import Spec, work_job
from framebus.work.input_frames import Intake, intake
from framebus.work.stage import Inline, Result, Stage
from framebus.work.through_workers import Mapping

OnError = Literal["raise", "skip", "return"]

log = logging.getLogger("framebus")


@overload
def map(
    op: Spec | Sequence[Spec],
    frames: Iterable[Frame | Array],
    *,
    workers: int | None = None,
    ordered: bool = True,
    batch: int = 1,
    on_error: Literal["raise", "skip"] = "raise",
    timeout: float | str | None = None,
) -> Generator[Frame, None, None]: ...
@overload
def map(
    op: Spec | Sequence[Spec],
    frames: Iterable[Frame | Array],
    *,
    workers: int | None = None,
    ordered: bool = True,
    batch: int = 1,
    on_error: Literal["return"],
    timeout: float | str | None = None,
) -> Generator[Frame | Error, None, None]: ...
def map(
    op: Spec | Sequence[Spec],
    frames: Iterable[Frame | Array],
    *,
    workers: int | None = None,
    ordered: bool = True,
    batch: int = 1,
    on_error: OnError = "raise",
    timeout: float | str | None = None,
) -> Generator[Frame | Error, None, None]:
    """Apply `op` to each frame on several processes; the results, as frames.

        for result in fb.map(fft2, fb.open("clip.mp4"), workers=4):
            ...

    op        a function or class, `"file.py:name"`, a built-in op (`"resize=512x512"`), or several in a list, one after
              the other. A function gets a picture, an array `(height, width[, channels])`, or the `Frame` where its
              first parameter is called or annotated so; a class is built once in each process, then called. It answers
              with an array, a frame, a dict (added to `frame.meta`) or None (the frame is dropped); a generator makes
              several frames of one
    frames    a source, or any iterable of frames and arrays. Arrays may be one and the same, filled again each time;
              those of a sequence, and in frames, stay as they are until their results are there
    workers   how many processes; None: one for each core; 0: here, in this thread
    ordered   results in the order of the frames; otherwise as they come
    batch     so many pictures at once: `op` gets a list and answers with a list as long. A live source does not wait
              until one is full
    on_error  "raise"; "skip" the frame, and log it; or "return" the error in place of the result
    timeout   how long `op` may take for one frame, or batch (seconds, or text such as `"2s"`). Who takes longer is
              killed, the frame tried once more, then given up with an error

    Every frame is worked on at least once and its result comes exactly once, though workers die: what a dead one had
    goes to another, and it starts again. A frame that kills two workers that had nothing else is an error, and is kept
    on disk. At most `2 * workers` frames or batches are inside; in order, one that takes long holds all behind it. A
    frame of a lossless source is acknowledged when the result after its own is asked for.

    Small frames (up to 256 KiB) that come within half a millisecond of each other, and together take a worker less
    than 4 ms, travel in one message, up to 64 of them, and count as one of those inside; each is still worked on and
    answered for by itself. It waits 2 ms at most for others, but where `frames` is an iterable that pauses after a
    burst: then for that, as all results do. Not with `timeout`, which is for each by itself.

    Functions of your program, lambdas and closures travel by value to the workers, which run nothing else of your
    program: it needs no `__main__` guard. The processes start with the first result asked for and end with the
    iterator (its `close()`, or the end of the loop).

    Raises `OpError` with the worker's traceback and the frame's identity, `OptionError` for what is no op or cannot
    be taken to another process, and what the source raises. One thread at a time iterates.
    """
    ops = _function_first(op)
    if on_error not in ("raise", "skip", "return"):
        raise OptionError(f"on_error={on_error!r} is not possible: give 'raise', 'skip' or 'return'")
    count = check("workers", "all" if workers is None else workers)
    limit_s = check("work_timeout", timeout)
    make = maker(ops, count, ordered=ordered, batch=check("batch", batch), limit_s=limit_s)
    return _each(make, intake(frames, held=count > 0), on_error)


def maker(
    ops: Sequence[Spec], workers: int, *, ordered: bool = True, batch: int = 1, limit_s: float | None = None
) -> Callable[[], Stage]:
    """What makes the stage that does such work; what can be wrong with it is raised now."""
    name = "+".join(_name(op) for op in ops)[:60]
    if workers:
        job = work_job(name, ops, workers)
        return lambda: Mapping(job, workers, ordered=ordered, batch=batch, limit_s=limit_s)
    if batch > 1 or limit_s is not None:
        raise OptionError(
            "batches and a limit of time need worker processes, and workers=0 (--workers 0) is this thread"
        )
    loaded = load_all(ops)
    return lambda: Inline(loaded)


def _name(op: Spec) -> str:
    if isinstance(op, str):
        return op.partition("=")[0]
    return getattr(op, "__name__", type(op).__name__)


def _each(make: Callable[[], Stage], frames: Intake, on_error: OnError) -> Generator[Frame | Error, None, None]:
    with make() as stage:
        for result in _results(stage, frames):
            if result.error is not None:
                yield from _failed(result.error, on_error)
            for one in result.made:
                assert isinstance(one, Frame)  # noqa: S101  (ops make frames)
                yield one
            frames.done(result.given)


def _results(stage: Stage, frames: Intake) -> Generator[Result, None, None]:
    while True:
        ready = stage.is_ready()
        while ready and not (stage.full or frames.ended):
            item = frames.next(stage)
            if item is None:
                break
            stage.put(item)
        if frames.ended:
            stage.flush()
        results = stage.results()
        yield from results
        if frames.ended and not stage.busy:
            return
        if not results and (not ready or stage.full or frames.ended):
            stage.wait(SLICE_S)


def _failed(error: Error, on_error: OnError) -> Generator[Error, None, None]:
    if on_error == "raise" or not isinstance(error, OpError):
        raise error
    if on_error == "return":
        yield error
    else:
        log.warning("%s", str(error))


def _function_first(op: Any) -> tuple[Spec, ...]:
    with suppress(ValueError):
        return values.ops(op)
    raise OptionError(
        f"map takes the function first, then the frames, as in fb.map(function, frames); got {kind_of(op)} first"
    )
