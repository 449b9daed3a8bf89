"""How a client of somebody else's cluster looks to us."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Executor
from typing import Protocol, runtime_checkable

SCHEME = "dask://"
"""What the address of a scheduler begins with."""


@runtime_checkable
class Cluster(Protocol):
    """A client of a cluster, as `dask.distributed.Client` is one."""

    def get_executor(self) -> Executor:
        """An executor that has its functions run there."""
        ...

    def ncores(self) -> Mapping[str, int]:
        """The workers, and how many cores each has."""
        ...
