"""The core costs little to import."""

from __future__ import annotations

from pathlib import Path

import pytest

import framebus.core
from tests.conftest import StartChild

MODULES = sorted(
    path.stem for path in Path(framebus.core.__file__ or "").parent.glob("*.py") if path.stem != "__init__"
)
HEAVY = [
    *("PIL", "rich", "psutil", "zmq", "av", "cv2", "pygame", "tifffile", "simplejpeg"),
    *("importlib.metadata", "difflib", "urllib.request"),
]


def loaded(child: StartChild, modules: list[str], unwanted: list[str]) -> str:
    names = ", ".join(f"framebus.core.{name}" for name in modules)
    return child("-c", f"import sys, {names}; print([name for name in {unwanted} if name in sys.modules])").succeed()


def test_nothing_heavy_is_loaded(child: StartChild) -> None:
    assert loaded(child, MODULES, HEAVY).strip() == "[]"


@pytest.mark.parametrize("module", ["options", "registry", "addresses", "errors", "redaction"])
def test_what_help_needs_does_without_numpy(child: StartChild, module: str) -> None:
    assert loaded(child, [module], [*HEAVY, "numpy", "asyncio"]).strip() == "[]"
