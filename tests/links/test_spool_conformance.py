"""A publisher that spools delivers like any other."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import framebus as fb
from framebus.testing.links import LinkConformance


class TestSpooled(LinkConformance):
    @pytest.fixture(autouse=True)
    def _place(self, free_port: int, tmp_path: Path) -> None:
        self.port, self.folder = free_port, tmp_path / "spool"

    def address(self, streams: str = "") -> str:
        return f"tcp://127.0.0.1:{self.port}" + (f"/{streams}" if streams else "")

    @contextlib.contextmanager
    def publishing(self, streams: str = "cam", **options: Any) -> Iterator[fb.Publisher]:
        with super().publishing(streams, when_full="spool", spool=self.folder, **options) as out:
            yield out

    # Who is away when the publisher closes is told the end by its successor.
    test_a_group_goes_on_where_its_reader_left = None  # type: ignore[assignment]


class TestSpooledInSharedMemory(TestSpooled):
    def address(self, streams: str = "") -> str:
        return f"shm://{streams}"
