"""Runs every benchmark and rewrites `docs/performance.md`: `python -m benchmarks [--quick]`."""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys

from benchmarks import report
from benchmarks.harness.processes import leave


def main() -> None:
    """One after the other, each in an interpreter of its own."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="the short version of each")
    parser.add_argument("--only", nargs="+", choices=report.SECTIONS, default=list(report.SECTIONS))
    told = parser.parse_args()
    signal.signal(signal.SIGTERM, leave)
    for name in told.only:
        print(f"== {name}", flush=True)
        _finish([sys.executable, "-m", f"benchmarks.{name}", *(["--quick"] if told.quick else [])])
    report.main()


def _finish(command: list[str]) -> None:
    """Run one; when we are told to end, it ends in order too, and removes what it made."""
    process = subprocess.Popen(command)
    try:
        status = process.wait()
    except (KeyboardInterrupt, SystemExit) as end:
        if isinstance(end, SystemExit):  # an interrupt from the keyboard reached it as well
            process.terminate()
        process.wait()
        raise
    if status:
        raise subprocess.CalledProcessError(status, command)


if __name__ == "__main__":
    main()
