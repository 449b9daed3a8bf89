"""What a report says of a job in one line."""

from __future__ import annotations

from framebus.batch.report import Report, Trouble


def test_it_says_that_all_are_done() -> None:
    report = Report(
        total=8091, done=8091, tried=8091, files=8091, read_bytes=971_000_000, written_bytes=880_000_000, elapsed_s=10.4
    )
    report.workers = 2
    assert str(report) == "8091/8091 in 10.4 s (778/s) · 2 workers · 971 MB read, 880 MB written"


def test_and_what_is_not_as_wanted() -> None:
    bad = [Trouble("bad.jpg", "it is empty")] * 12
    report = Report(total=20, done=6, resumed=2, tried=12, failures=bad, quarantined=bad[:2], damaged=bad[:1])
    report.elapsed_s, report.lost_workers, report.stopped = 4.0, 1, "the disk is full"
    assert str(report) == (
        "6/20 in 4.0 s (3.0/s) · 2 of them done before · 12 failed · 2 quarantined · 1 damaged but kept · "
        "1 worker replaced · stopped: the disk is full"
    )


def test_a_run_that_had_nothing_to_do_has_no_rate() -> None:
    kept_away = [Trouble("bad.jpg", "crashed (in an earlier run)")]
    report = Report(total=3, done=2, resumed=2, quarantined=kept_away, elapsed_s=0.001)
    assert str(report) == "2/3 in 0.0 s · 2 of them done before · 1 quarantined"
    assert report.rate == 0
