"""Writes `docs/performance.md` from the results on disk: `python -m benchmarks.report`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from benchmarks import (
    cameras,
    dropin,
    empty_tasks,
    first_image,
    gather,
    glass,
    hub,
    keys,
    local_report,
    parallel,
    process,
    record,
    recorders,
    recording_kills,
    scaling,
    send_alone,
    slow_reader,
    soak,
    transport_report,
)
from benchmarks.harness.results import load

PAGE = Path(__file__).parent.parent / "docs" / "performance.md"

_HEAD = """# Performance

framebus beside the libraries people use today, measured in the same run on the same machine, in paired rounds and
shuffled order. This page is written by `python -m benchmarks.report` from the results in `benchmarks/results/`; how
each benchmark works stands in [`benchmarks/README.md`](../benchmarks/README.md).

Compare ratios, not times: times belong to the machine. A difference counts where its whole 95 % interval is on one
side of 1. Ratios depend on the machine, too: what is Python costs relatively more where processors are slow. On two
cores of an Intel Xeon that take 2 to 2.5 times as long for Python as the AMD EPYC of other tables, the same commands
gave on 22 November 2026: frames/s of 6 MB through shared memory 1.39 times imagezmq's (3.27 on the EPYC); asking three
services 2.2 to 3.6 ms longer than the slowest takes alone (1.7 to 2.7); `framebus.imagezmq` behind the package that it
stands in for in 39 of 72 rows (30).
"""

SECTIONS: dict[str, tuple[str, Callable[[Mapping[str, Any]], str]]] = {
    "local": ("Frames between processes of one machine", local_report.render),
    "gather": ("One frame to three services", gather.render),
    "parallel": ("Frames through worker processes", parallel.render),
    "process": ("A folder of photographs", process.render),
    "scaling": ("How far one job scales", scaling.render),
    "empty_tasks": ("Tasks that do nothing", empty_tasks.render),
    "first_image": ("From a command to its first image", first_image.render),
    "record": ("Recording to disk", record.render),
    "recorders": ("Recorders at work", recorders.render),
    "recording_kills": ("Recorders that are killed", recording_kills.render),
    "transport": ("Frames over TCP on one machine", transport_report.render),
    "dropin": ("The drop-in for imagezmq", dropin.render),
    "hub": ("Many small senders, one hub", hub.render),
    "cameras": ("Cameras", cameras.render),
    "glass": ("Camera to glass", glass.render),
    "slow_reader": ("A reader ten times too slow", slow_reader.render),
    "send_alone": ("Sending while nobody reads", send_alone.render),
    "keys": ("With keys", keys.render),
    "soak": ("An hour of the demo", soak.render),
}
"""Name of a benchmark to the title of its section and to what makes its tables, in the order of the page."""


def main() -> None:
    """Write the page."""
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(page())
    print(f"wrote {PAGE}")


def page() -> str:
    """The whole page; a benchmark that has never run says how to run it."""
    return "\n".join([_HEAD, *(_section(name, title, render) for name, (title, render) in SECTIONS.items())])


def _section(name: str, title: str, render: Callable[[Mapping[str, Any]], str]) -> str:
    data = load(name)
    if data is None:
        return f"## {title}\n\nNot measured yet: `python -m benchmarks.{name}`.\n"
    return f"## {title}\n\n{_origin(data)}\n\n{render(data)}\n"


def _origin(data: Mapping[str, Any]) -> str:
    machine = data["machine"]
    versions = ", ".join(f"{name} {number}" for name, number in machine["versions"].items())
    return (
        f"`{data['command']}`: {machine['date']}, {data['took_s']} s on {machine['cpu']}, {machine['system']}, "
        f"load before {machine['load_before']:g}; {versions}."
    )


if __name__ == "__main__":
    main()
