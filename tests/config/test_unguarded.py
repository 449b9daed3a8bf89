"""A system that would let anybody in is not run, unless it is said who may come."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from framebus.config.parsing import read
from framebus.config.unguarded import refuse_unguarded
from framebus.core.errors import Unavailable
from framebus.links.keys import KeyStore

CAMERA: dict[str, Any] = {"gate": "synthetic:"}
WIDE = {
    "a hub": {"pipes": {"hub": {"source": "tcp://:5555", "sink": "null:"}}},
    "a hub for other systems": {"pipes": {"hub": {"source": "imagezmq+tcp://0.0.0.0:5555", "sink": "null:"}}},
    "a stream that is a hub": {"streams": {"hub": "tcp://:5555"}},
    "a publisher": {"streams": CAMERA, "pipes": {"hub": {"source": "gate", "sink": "tcp://0.0.0.0:5555/gate"}}},
    "a publisher at an address": {
        "streams": CAMERA,
        "pipes": {"hub": {"source": "gate", "sink": "tcp://192.168.1.5:5555", "listen": True}},
    },
    "a service": {"services": {"hub": {"op": "models.py:Segment", "address": "tcp://:7000"}}},
    "a service at an address": {"services": {"hub": {"op": "models.py:Segment", "address": "tcp://192.168.1.5:7000"}}},
}
NARROW = {
    "a publisher on this machine": {
        "streams": CAMERA,
        "pipes": {"a": {"source": "gate", "sink": "tcp://127.0.0.1:5555"}},
    },
    "a reader": {"pipes": {"a": {"source": "tcp://192.168.1.5:5555", "sink": "null:"}}},
    "a sender": {"streams": CAMERA, "pipes": {"a": {"source": "gate", "sink": "tcp://192.168.1.5:5555"}}},
    "shared memory": {"streams": CAMERA, "services": {"a": {"op": "models.py:Segment"}}},
    "files": {"streams": CAMERA, "pipes": {"a": {"source": "gate", "sink": "frames/"}}},
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "models.py").write_text("class Segment:\n    def __call__(self, image): return 1\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def allowing(system: dict[str, Any], **options: Any) -> dict[str, Any]:
    """The same, where what is called hub has more options."""
    kind = next(kind for kind, tables in system.items() if "hub" in tables)
    table = system[kind]["hub"]
    table = {"source": table} if isinstance(table, str) else table
    return {**system, kind: {**system[kind], "hub": {**table, **options}}}


@pytest.mark.parametrize("system", WIDE.values(), ids=WIDE)
def test_who_may_connect_is_to_be_said_before_anything_runs(system: dict[str, Any]) -> None:
    with pytest.raises(Unavailable, match=r"hub: listening (to the network|on [\d.]+) needs to know") as refused:
        refuse_unguarded(read(system))
    assert refused.value.exit_code == 4
    assert refused.value.hopeless


@pytest.mark.parametrize("said", [{"insecure": True}, {"allow": ["10.0.0.0/8"]}], ids=["insecure", "allow"])
@pytest.mark.parametrize("system", WIDE.values(), ids=WIDE)
def test_where_it_is_said_nothing_is_refused(system: dict[str, Any], said: dict[str, Any]) -> None:
    refuse_unguarded(read(allowing(system, **said)))


@pytest.mark.parametrize("system", WIDE.values(), ids=WIDE)
def test_keys_say_it_too(system: dict[str, Any]) -> None:
    KeyStore().invite("porch", "tcp://desk:5555")
    refuse_unguarded(read(system))


@pytest.mark.parametrize("system", NARROW.values(), ids=NARROW)
def test_nothing_needs_to_be_said_where_the_network_does_not_come_in(system: dict[str, Any]) -> None:
    refuse_unguarded(read(system))


def test_the_file_is_named(folder: Path) -> None:
    (folder / "yard.toml").write_text('[pipes.hub]\nsource = "tcp://:5555"\nsink = "null:"\n')
    with pytest.raises(Unavailable, match=r"^yard\.toml: pipes\.hub: listening"):
        refuse_unguarded(read(folder / "yard.toml", "yard.toml"))
