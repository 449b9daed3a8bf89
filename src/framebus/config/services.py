"""`[services.x]`: functions and classes that answer frames, each in processes of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from framebus.config.document import Document
from framebus.config.table import Table
from framebus.config.targets import checked_target
from framebus.core.errors import Error
from framebus.graph.plans import Plan, Service, job_of
from framebus.work.gather_services import service_address

KEY = "services"
OWN = ("op", "address", "restart")
OPTIONS = frozenset({"allow", "insecure", "workers"})
"""The options of the vocabulary that `framebus serve` takes."""
ALLOWED = "a function or class: 'models.py:Segment', 'module:name', with =VALUE,KEY=VALUE arguments"


def service_plans(document: Document, tables: Mapping[str, Any], stage: int) -> list[Plan]:
    """One process for each of `tables` that can be."""
    found = [_plan(Table(document, (KEY, name), values), stage) for name, values in tables.items()]
    return [plan for plan in found if plan is not None]


def addresses(tables: Mapping[str, Any]) -> dict[str, str]:
    """Where each service listens, as far as that can be told."""
    given = {name: values.get("address", f"shm://{name}") for name, values in tables.items()}
    return {name: address for name, address in given.items() if isinstance(address, str) and _is_address(address)}


def _plan(table: Table, stage: int) -> Plan | None:
    name = str(table.path[-1])
    address = table.text("address", "'shm://name' or 'tcp://localhost:7000'") or f"shm://{name}"
    try:
        service_address(address)
    except Error as error:
        table.refuse("address", f"= {address!r}: {error}")
    options = table.options(OWN, OPTIONS, "a service")
    target = _target(table)
    if target is None:
        return None
    work = Service(op=job_of(target), address=address, options=options)
    return Plan(key=f"{KEY}.{name}", work=work, stage=stage, restart=table.restart())


def _target(table: Table) -> Any:
    if "op" not in table:
        table.refuse("", f"needs op: give {ALLOWED}")
        return None
    try:
        return checked_target(table.values["op"], table.document.folder)
    except Error as error:
        table.refuse("op", f"is not possible: {error}")
        return None


def _is_address(text: str) -> bool:
    try:
        service_address(text)
    except Error:
        return False
    return True
