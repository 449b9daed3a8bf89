"""Ways to have several processes work on frames, one file each; every library is imported only when it is measured."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import cast

from benchmarks.farms.base import Farm


def at(module: str, **fixed: object) -> Callable[[], Farm]:
    """Gives the `farm` of a module of this package, which is imported only then."""

    return lambda: cast(Farm, partial(import_module(f"benchmarks.farms.{module}").farm, **fixed))


FARMS: dict[str, Callable[[], Farm]] = {
    "framebus": at("framebus_farm"),
    "framebus, 16 at once": at("framebus_farm", batch=16),
    "futures": at("futures_farm"),
    "futures, 16 at once": at("futures_farm", chunk=16),
    "Pool.imap": at("pool_farm"),
    "Pool.imap, 16 at once": at("pool_farm", chunk=16),
    "pickled ZeroMQ": at("zmq_farm"),
    "joblib": at("joblib_farm"),
    "Ray": at("ray_farm"),
    "dask": at("dask_farm"),
}
"""Name of a way to what loads it; loading raises `ImportError` where its library is not installed."""
