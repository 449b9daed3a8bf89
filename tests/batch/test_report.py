"""What a report says of a job in one line."""

from __future__ import annotations

from framebus.batch.report import Report, Trouble


def test_it_names_what_there_is_and_nothing_else() -> None:
    bad = [Trouble("bad.jpg", "it is empty")]
    assert str(Report(total=3, done=3, elapsed_s=1.0)) == "3/3 in 1.0 s (3/s)"
    report = Report(total=3, done=2, resumed=1, failures=bad, damaged=bad, elapsed_s=1.0)
    assert str(report) == "2/3 in 1.0 s (2/s), 1 done before, 1 failed, 1 damaged"
