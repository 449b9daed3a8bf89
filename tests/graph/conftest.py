"""What systems in tests run."""

from __future__ import annotations

from pathlib import Path

import pytest

OPS = """
import os
def half(image):
    return image[::2, ::2].copy()
def broken(image):
    raise ValueError("too dark")
def deadly(frame):
    if frame.seq % 40 == 39:
        os._exit(7)
def loud(image):
    print("brightness", int(image[0, 0, 0]) * 0)
def endless(image):
    while True:
        print("x" * 1000)
class Mean:
    def __call__(self, image):
        return float(image.mean())
class Never:
    def __init__(self):
        raise RuntimeError("no weights")
    def __call__(self, image):
        pass
"""


@pytest.fixture
def ops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test runs in a folder of its own with `ops.py` in it."""
    (tmp_path / "ops.py").write_text(OPS)
    monkeypatch.chdir(tmp_path)
