"""Plans for tests: pipes, services and capture that differ where it matters."""

from __future__ import annotations

from framebus.graph.plans import Capture, Pipe, Plan, Restart, Service, Stream, job_of


def pipe(name: str, version: int = 0, *, stage: int = 1, restart: Restart = "on-failure") -> Plan:
    """A pipe; another `version` is another plan."""
    work = Pipe(sources=("shm://cam",), sink=f"shm://{name}", options={"max_fps": version + 1})
    return Plan(key=f"pipes.{name}", work=work, stage=stage, restart=restart)


def service(name: str, version: int = 0, *, stage: int = 9) -> Plan:
    """A service."""
    work = Service(op=job_of("models.py:Model"), address=f"shm://{name}", options={"workers": version})
    return Plan(key=f"services.{name}", work=work, stage=stage)


def capture(**streams: int) -> Plan:
    """Capture of these streams, each of a version."""
    found = {name: Stream(source=f"synthetic:{name}", options={"fps": version}) for name, version in streams.items()}
    return Plan(key="streams", work=Capture(found))
