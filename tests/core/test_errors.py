"""The error tree: one root, exit codes, and the built-in errors people already catch."""

from __future__ import annotations

import inspect

import pytest

from framebus.core import errors

TREE = {
    "AddressError": (2, ValueError),
    "OptionError": (2, ValueError),
    "Unavailable": (4, OSError),
    "Timeout": (4, TimeoutError),
    "Closed": (4, Exception),
    "BadFrame": (3, ValueError),
    "OpError": (3, Exception),
    "RemoteError": (3, Exception),
}


def test_these_are_all() -> None:
    classes = {
        name for name, _ in inspect.getmembers(errors, inspect.isclass) if issubclass(getattr(errors, name), Exception)
    }
    assert classes == {"Error", *TREE}
    assert errors.Error.exit_code == 1


@pytest.mark.parametrize("name", TREE)
def test_each_has_its_exit_code_and_a_familiar_base(name: str) -> None:
    kind: type[errors.Error] = getattr(errors, name)
    code, base = TREE[name]
    assert kind.exit_code == code
    with pytest.raises(base, match="why"):
        raise kind("why")
    assert issubclass(kind, errors.Error)
    assert str(kind("what, where, what to do")) == "what, where, what to do"


@pytest.mark.parametrize("name", TREE)
def test_each_is_drawn_with_its_exit_code(name: str) -> None:
    assert errors.__doc__ is not None
    [line] = [line for line in errors.__doc__.splitlines() if f"─ {name} " in line]
    assert f"[{TREE[name][0]}]" in line
