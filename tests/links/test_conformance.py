"""Every carrier passes the same suite."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import pytest

from framebus.testing.links import LinkConformance


class TestTcp(LinkConformance):
    @pytest.fixture(autouse=True)
    def _port(self, free_port: int) -> None:
        self.port = free_port

    def address(self, streams: str = "") -> str:
        return f"tcp://127.0.0.1:{self.port}" + (f"/{streams}" if streams else "")


class TestIpc(LinkConformance):
    @pytest.fixture(autouse=True)
    def _path(self, runtime_dir: Path) -> None:
        self.path = runtime_dir / "link"

    def address(self, streams: str = "") -> str:
        return f"ipc://{self.path}" + (f":{streams}" if streams else "")


class TestTcpAlone(TestTcp):
    """Both ends are on this machine and would share memory; here they may not."""

    options: ClassVar[dict[str, Any]] = {"carrier": "tcp"}


class TestShm(LinkConformance):
    def address(self, streams: str = "") -> str:
        return f"shm://{streams}"


class TestInproc(LinkConformance):
    @pytest.fixture(autouse=True)
    def _name(self, request: pytest.FixtureRequest) -> None:
        self.name = f"conformance-{abs(hash(request.node.nodeid))}"

    def address(self, streams: str = "") -> str:
        return f"inproc://{self.name}" + (f"/{streams}" if streams else "")

    # Inside one process ZeroMQ neither reconnects nor frees a socket whose other end never came.
    test_leaving_by_an_exception_is_no_end = None  # type: ignore[assignment]
    test_closing_wakes_a_waiting_reader = None  # type: ignore[assignment]
