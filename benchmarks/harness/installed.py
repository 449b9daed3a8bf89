"""What is installed here, and how programs run that are."""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib.util import find_spec


def missing(needs: Mapping[str, str]) -> dict[str, str]:
    """Those of `needs`, names and the package each needs, whose package is not here; and why they are left out."""
    return {name: f"no {package}" for name, package in needs.items() if find_spec(package) is None}


def environment() -> dict[str, str]:
    """Ours, but that bytecode is kept, as it is for everything that was installed."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
