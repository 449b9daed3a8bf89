"""A whole job on a cluster that somebody else schedules."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

import pytest

from framebus.batch.process import process
from framebus.core.errors import Unavailable
from tests.batch.photos import contents, photos
from tests.conftest import StartChild

SMALL = "resize=24x16"

LOCAL_CLUSTER = """
import os, signal, sys
from pathlib import Path
from distributed import Client, LocalCluster
from framebus.batch.process import process

def deadly(frame):
    marker = Path(sys.argv[2] + "-died") / frame.stream
    if frame.stream in ("p010", "p050") and not marker.exists():
        marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return frame.image

if __name__ == "__main__":
    folder, out = sys.argv[1:]
    Path(out + "-died").mkdir()
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        with Client(cluster) as client:
            marker = out + "-died"
            report = process(folder, out, ["resize=24x16", deadly], workers=client)
            print(report.done, report.total, report.workers, len(report.quarantined), len(os.listdir(marker)))
        again = process(folder, out + "2", "resize=24x16", workers=cluster.scheduler_address.replace("tcp:", "dask:"))
        print(again.done, again.total)
"""


class Client:
    """A client of a cluster of threads."""

    def __init__(self, workers: int) -> None:
        self.executor: Executor = ThreadPoolExecutor(max(1, workers))
        self._workers = workers

    def get_executor(self) -> Executor:
        """What functions are given to."""
        return self.executor

    def ncores(self) -> Mapping[str, int]:
        """One core each."""
        return {f"tcp://worker-{number}": 1 for number in range(self._workers)}


def test_a_client_gives_its_executor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    photos(tmp_path / "in", 20)
    monkeypatch.chdir(tmp_path)
    report = process("in", "out", SMALL, workers=Client(3))
    assert (report.ok, report.done, report.workers) == (True, 20, 3)
    process("in", "alone", SMALL, workers=0)
    assert contents(tmp_path / "out") == contents(tmp_path / "alone")


def test_a_cluster_without_workers_is_said(tmp_path: Path) -> None:
    photos(tmp_path / "in", 1)
    client = Client(0)
    with pytest.raises(Unavailable, match="the cluster has no workers"):
        process(tmp_path / "in", tmp_path / "out", SMALL, workers=client)
    client.executor.shutdown()


@pytest.mark.skipif(find_spec("distributed") is not None, reason="it is installed")
def test_without_the_package_it_says_what_to_install(tmp_path: Path) -> None:
    photos(tmp_path / "in", 1)
    with pytest.raises(Unavailable, match=r"pip install 'framebus\[dask\]'"):
        process(tmp_path / "in", tmp_path / "out", SMALL, workers="dask://127.0.0.1:8786")


@pytest.mark.skipif(find_spec("distributed") is None, reason="dask is not installed")
def test_a_local_cluster_loses_nothing_when_its_workers_are_killed(child: StartChild, tmp_path: Path) -> None:
    photos(tmp_path / "in", 80)
    script = tmp_path / "job.py"
    script.write_text(LOCAL_CLUSTER)
    first, second = child(script, tmp_path / "in", tmp_path / "out").succeed(100).splitlines()
    assert first == "80 80 2 0 2"
    assert second == "80 80"
    process(tmp_path / "in", tmp_path / "alone", SMALL, workers=0)
    assert contents(tmp_path / "out") == contents(tmp_path / "out2") == contents(tmp_path / "alone")
