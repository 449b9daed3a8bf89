"""Runs every benchmark and rewrites `docs/performance.md`: `python -m benchmarks [--quick]`."""

from __future__ import annotations

import argparse
import subprocess
import sys

from benchmarks import report

_ALL = ("local", "gather", "transport", "hub", "slow_reader", "send_alone", "keys")


def main() -> None:
    """One after the other, each in an interpreter of its own."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="the short version of each")
    parser.add_argument("--only", nargs="+", choices=_ALL, default=list(_ALL))
    told = parser.parse_args()
    for name in told.only:
        print(f"== {name}", flush=True)
        subprocess.run([sys.executable, "-m", f"benchmarks.{name}", *(["--quick"] if told.quick else [])], check=True)
    report.main()


if __name__ == "__main__":
    main()
