"""The program that people write by hand: a ROUTER gives paths to DEALERs, one at a time, over a unix socket."""

from __future__ import annotations

import multiprocessing
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

_FORK = multiprocessing.get_context("fork")


def run(each: Callable[..., None], job: Any, source: Path, target: Path, workers: int) -> None:
    """A worker asks, works, answers, and asks again; the server waits for all answers."""
    import zmq

    paths = [str(path).encode() for path in sorted(source.glob("*.jpg"))]
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        place = f"ipc://{folder}/router"
        started = [_FORK.Process(target=_work, args=(place, each, job, target)) for _ in range(workers)]
        for process in started:
            process.start()
        with zmq.Context() as context, context.socket(zmq.ROUTER) as router:
            router.bind(place)
            _serve(router, paths, workers)
        for process in started:
            process.join()


def _serve(router: Any, paths: list[bytes], workers: int) -> None:
    waiting, left = iter(paths), workers
    while left:
        worker, _, _ = router.recv_multipart()
        path = next(waiting, b"")
        left -= not path
        router.send_multipart([worker, b"", path])


def _work(place: str, each: Callable[..., None], job: Any, target: Path) -> None:
    import zmq

    with zmq.Context() as context, context.socket(zmq.DEALER) as dealer:
        dealer.connect(place)
        while True:
            dealer.send_multipart([b"", b"req"])
            _, path = dealer.recv_multipart()
            if not path:
                return
            source = Path(path.decode())
            each(job, source, target / source.name)
