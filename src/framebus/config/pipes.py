"""`[pipes.x]`: frames from streams, cameras and files on their way to links, files and windows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from framebus.config.ends import address_in, sink_takes
from framebus.config.references import Names
from framebus.config.table import Table
from framebus.config.targets import checked_service, checked_target
from framebus.core.errors import Error, OptionError
from framebus.graph.plans import Pipe, Plan, job_of
from framebus.pool.worker_job import Job
from framebus.verbs.pipe import MOVING
from framebus.verbs.working import WORKING

KEY = "pipes"
OWN = ("source", "sink", "op", "ops", "gather", "restart")
SOURCES = "a stream of this file ('gate'), a beginning of their names ('yard-*'), an address, or a list of these"
SINKS = "an address: 'shm://seen', 'frames/', 'window:'"


def pipe_plan(table: Table, names: Names) -> Plan:
    """The process of one pipe; what cannot be is noted."""
    sources = sources_of(table, names)
    sink = table.text("sink", SINKS) or f"shm://{table.path[-1]}"
    goes = _sink_takes(table, sink)
    taken = frozenset().union(*sources.values(), goes, MOVING, WORKING) if sources and goes is not None else None
    options = table.options(OWN, taken, f"{', '.join(sources) or 'its source'} → {sink}")
    ops, gather = _ops(table), _gather(table, names)
    if options.get("workers") and not ops:
        table.refuse("workers", "have nothing to do without ops: name one, or leave workers out")
    work = Pipe(sources=tuple(sources), sink=sink, ops=tuple(ops), gather=gather, options=options)
    return Plan(key=f"{KEY}.{table.path[-1]}", work=work, restart=table.restart())


def sources_of(table: Table, names: Names) -> dict[str, frozenset[str]]:
    """The addresses of all its sources, each with the options it takes; what cannot be is noted."""
    found: dict[str, frozenset[str]] = {}
    for number, text in enumerate(table.texts("source", SOURCES)):
        try:
            found |= {address: names.takes(address) for address in names.resolved(text)}
        except Error as error:
            table.document.refuse((*table.path, "source", number), f"{text!r} {error}")
    return found


def in_order(plans: Sequence[Plan], depths: Mapping[str, int], first: int) -> list[Plan]:
    """The same with their stages: what reads from another pipe is stopped after it."""
    return [msgspec.structs.replace(plan, stage=first + depths.get(plan.name, 0)) for plan in plans]


def _sink_takes(table: Table, sink: str) -> frozenset[str] | None:
    """The options of where it goes; None where that cannot be, which is said."""
    folder = table.document.folder
    try:
        return sink_takes(address_in(folder, sink, "writer"), folder)
    except Error as error:
        table.refuse("sink", f"= {sink!r}: {error}")
        return None


def _ops(table: Table) -> list[Job]:
    if "op" in table and "ops" in table:
        table.refuse("op", "and ops say the same: name all in ops")
    name = "op" if "op" in table else "ops"
    value = table.values.get(name, ())
    if not isinstance(value, list | tuple):
        value = (value,)
    jobs: list[Job] = []
    for target in value:
        try:
            jobs.append(job_of(checked_target(target, table.document.folder)))
        except Error as error:
            table.refuse(name, f"is not possible: {error}")
    return jobs


def _gather(table: Table, names: Names) -> dict[str, Job]:
    value = table.values.get("gather", {})
    if not isinstance(value, Mapping):
        table.refuse_value("gather", "services by the name of their answer: { seg = 'segment' }")
        return {}
    jobs: dict[str, Job] = {}
    for name, spec in value.items():
        try:
            jobs[name] = job_of(checked_service(str(name), spec, table.document.folder, names.services))
        except OptionError as error:
            table.document.refuse((*table.path, "gather", name), f"is not possible: {error}")
        except Error as error:
            table.document.refuse((*table.path, "gather", name), f"= {spec!r}: {error}")
    return jobs
