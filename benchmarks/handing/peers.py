"""Tasks that do nothing through pools, queues and schedulers that people use; all of them started before."""

from __future__ import annotations

import logging
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack

import zmq

from benchmarks.handing.nothing import SEPARATOR, many, nothing
from benchmarks.harness.processes import FORK, Child

Paths = Sequence[bytes]
_PATIENCE_MS = 60_000


def pool(paths: Paths, workers: int, size: int) -> float:
    """`multiprocessing.Pool.imap_unordered`."""
    with FORK.Pool(workers) as started:
        started.map(nothing, paths[: 8 * workers], 1)
        took_s = _timed(paths, lambda: sum(1 for _ in started.imap_unordered(nothing, paths, size)))
        started.close()
        started.join()
    return took_s


def executor(paths: Paths, workers: int, size: int) -> float:
    """`concurrent.futures.ProcessPoolExecutor.map`."""
    with ProcessPoolExecutor(workers, FORK) as started:
        list(started.map(nothing, paths[: 8 * workers]))
        return _timed(paths, lambda: sum(1 for _ in started.map(nothing, paths, chunksize=size)))


def joblib(paths: Paths, workers: int) -> float:
    """joblib, whose batches are as large as it likes."""
    from joblib import Parallel, delayed

    with Parallel(workers, return_as="generator_unordered") as parallel:
        list(parallel(map(delayed(nothing), paths[: 8 * workers])))
        return _timed(paths, lambda: sum(1 for _ in parallel(map(delayed(nothing), paths))))


def dask(paths: Paths, workers: int, size: int) -> float:
    """dask.distributed: a local cluster, `size` paths a task."""
    from distributed import Client, LocalCluster, as_completed

    with (
        LocalCluster(
            n_workers=workers, threads_per_worker=1, dashboard_address=None, silence_logs=logging.CRITICAL
        ) as cluster,
        Client(cluster) as client,
    ):
        client.gather(client.map(many, list(_batches(paths[: 8 * workers], 1)), pure=False))

        def work() -> int:
            futures = client.map(many, list(_batches(paths, size)), pure=False)
            return sum(len(done) for _, done in as_completed(futures, with_results=True))

        return _timed(paths, work)


def router(paths: Paths, workers: int, size: int, credit: int) -> float:
    """A ZeroMQ ROUTER that gives each DEALER `credit` messages of `size` paths ahead, over a unix socket."""
    with tempfile.TemporaryDirectory(prefix="bench-handing-") as folder, ExitStack() as running:
        place = f"ipc://{folder}/router"
        for _ in range(workers):
            running.enter_context(Child(_deal, place))
        with zmq.Context() as context, context.socket(zmq.ROUTER) as socket:
            socket.rcvtimeo = _PATIENCE_MS
            socket.bind(place)
            names = [socket.recv_multipart()[0] for _ in range(workers)]
            return _timed(paths, lambda: _route(socket, names, _batches(paths, size), credit))


def _route(socket: zmq.Socket[bytes], names: Sequence[bytes], batches: Iterator[Paths], credit: int) -> int:
    """Each answer is credit for another message."""

    def given(name: bytes) -> bool:
        batch = next(batches, ())
        if batch:
            socket.send_multipart([name, SEPARATOR.join(batch)])
        return bool(batch)

    done, out = 0, sum(map(given, names * credit))
    while out:
        name, answer = socket.recv_multipart()
        done += len(answer.split())
        out += given(name) - 1
    return done


def _deal(place: str) -> None:
    with zmq.Context() as context, context.socket(zmq.DEALER) as socket:
        socket.connect(place)
        socket.send(b"here")
        while True:
            socket.send(b" ".join(b"%d" % number for number in many(socket.recv().split(SEPARATOR))))


def _batches(paths: Paths, size: int) -> Iterator[Paths]:
    return (paths[at : at + size] for at in range(0, len(paths), size))


def _timed(paths: Paths, work: Callable[[], int]) -> float:
    """How long it took, once it is seen that all of it was done."""
    began = time.perf_counter()
    done = work()
    took_s = time.perf_counter() - began
    assert done == len(paths)
    return took_s
