"""Chunks worked on by a cluster that dask schedules: given a client, or the address of its scheduler."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

from framebus.batch.cluster import SCHEME, Cluster
from framebus.batch.executing import Executing
from framebus.batch.recipe import Recipe
from framebus.core.errors import Unavailable

CONNECT_S = 10.0
"""How long a scheduler may take to answer."""


class Clustered(Executing):
    """The workers of a cluster. A client that was given stays open; one of our own is closed with the job."""

    def __init__(self, recipe: Recipe, cluster: str | Cluster) -> None:
        """Raises `Unavailable` where dask is not installed, the scheduler does not answer, or has no workers."""
        self._held = ExitStack()
        try:
            client = self._held.enter_context(_connected(cluster)) if isinstance(cluster, str) else cluster
            cores = sum(client.ncores().values())
            if not cores:
                raise Unavailable(f"{_named(cluster)} has no workers: start some, dask worker {_named(cluster)}")
            super().__init__(recipe, self._held.enter_context(client.get_executor()), cores)
        except BaseException:
            self._held.close()
            raise

    def close(self) -> None:
        super().close()
        self._held.close()


def _connected(address: str) -> Any:
    try:
        from distributed import Client
    except ImportError as error:
        raise Unavailable(f"{address} needs the package distributed: pip install 'framebus[dask]'") from error
    try:
        return Client(f"tcp://{address.removeprefix(SCHEME)}", timeout=CONNECT_S, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        raise Unavailable(f"no dask scheduler answers at {address}: {error}") from error


def _named(cluster: str | Cluster) -> str:
    return f"tcp://{cluster.removeprefix(SCHEME)}" if isinstance(cluster, str) else "the cluster"
