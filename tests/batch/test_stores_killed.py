"""Jobs over an object store whose workers are killed, or all of them: nothing is lost, nothing is half there."""

from __future__ import annotations

from pathlib import Path

import pytest

from framebus.batch.process import process
from tests.batch import ops
from tests.batch.buckets import Bucket
from tests.batch.photos import contents, photos
from tests.conftest import StartChild

SMALL = "resize=24x16"


def test_killed_workers_and_a_killed_job_cost_nothing(child: StartChild, bucket: Bucket, tmp_path: Path) -> None:
    photos(tmp_path / "in", 40)
    source, deaths = bucket.put_all(tmp_path / "in", "in"), tmp_path / "deaths"
    deaths.mkdir()
    op = f"{ops.__name__}:Deadly='{deaths}',12"
    assert process(source, f"{bucket.url}/out", [SMALL, op], workers=2).ok
    assert len(list(deaths.iterdir())) >= 2
    again = tmp_path / "again"
    again.mkdir()
    words = [source, f"{bucket.url}/out2", SMALL, f"{ops.__name__}:Deadly='{again}',15,'parent'"]
    codes = [-9]
    while codes[-1] == -9:
        job = child("-c", JOB, *words)
        codes.append(job.wait())
        job.finish()
    assert (codes[-1], job.stdout) == (0, "40 40\n"), job.stderr
    assert len(codes) > 2
    assert process(source, tmp_path / "clean", SMALL, workers=0).ok
    assert bucket.contents("out") == bucket.contents("out2") == contents(tmp_path / "clean")


JOB = """
import sys
from framebus.batch.process import process
report = process(sys.argv[1], sys.argv[2], sys.argv[3:], workers=2)
print(report.done, report.total)
"""

CLUSTER = """
import os, signal, sys
from pathlib import Path
from distributed import Client, LocalCluster
from framebus.batch.process import process

def deadly(frame):
    marker = Path(sys.argv[3]) / frame.stream
    if frame.stream == "p010" and not marker.exists():
        marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return frame.image

if __name__ == "__main__":
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster, Client(cluster) as client:
        report = process(sys.argv[1], sys.argv[2], ["resize=24x16", deadly], workers=client)
        print(report.done, report.total, len(report.quarantined), len(os.listdir(sys.argv[3])))
"""


def test_a_cluster_does_it_too(child: StartChild, bucket: Bucket, tmp_path: Path) -> None:
    pytest.importorskip("distributed")
    photos(tmp_path / "in", 40)
    source = bucket.put_all(tmp_path / "in", "in")
    (tmp_path / "job.py").write_text(CLUSTER)
    (tmp_path / "died").mkdir()
    job = child(tmp_path / "job.py", source, f"{bucket.url}/out", tmp_path / "died")
    assert job.succeed(100) == "40 40 0 1\n"
    assert process(source, tmp_path / "clean", SMALL, workers=0).ok
    assert bucket.contents("out") == contents(tmp_path / "clean")
