"""Where and when a result was made."""

from __future__ import annotations

import os
import platform
import sys
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_PACKAGES = (
    *("framebus", "pyzmq", "numpy", "msgspec", "imagezmq", "vidgear", "iceoryx2", "eclipse-zenoh", "simplejpeg"),
    *("av", "opencv-python-headless", "aiortc"),
)


def describe() -> dict[str, object]:
    """The machine, the interpreter, the versions of everything compared, and how busy it was before."""
    import zmq

    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "cpu": f"{os.cpu_count()} × {_processor()}",
        "system": f"{platform.system()} {platform.release()}, CPython {platform.python_version()}",
        "versions": {name: _version(name) for name in _PACKAGES} | {"libzmq": zmq.zmq_version()},
        "load_before": round(os.getloadavg()[0], 2),
    }


def command() -> str:
    """The command line that made the result."""
    module = Path(sys.argv[0]).stem
    name = "benchmarks" if module == "__main__" else f"benchmarks.{module}"
    return " ".join(["python -m", name, *sys.argv[1:]])


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "absent"
