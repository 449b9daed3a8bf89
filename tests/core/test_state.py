"""Where this user's state is."""

from __future__ import annotations

from pathlib import Path

from framebus.core import state


def test_it_is_where_the_environment_says_else_in_the_users_home() -> None:
    assert state.folder({"XDG_STATE_HOME": "/var/x"}) == Path("/var/x/framebus")
    assert state.folder({"XDG_STATE_HOME": ""}) == state.folder({}) == Path.home() / ".local" / "state" / "framebus"
