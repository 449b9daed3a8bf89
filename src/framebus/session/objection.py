"""Why somebody is not served."""

from __future__ import annotations

from typing import NamedTuple

from framebus.wire.control import Code, Refuse


class Objection(NamedTuple):
    """Why a peer cannot be served, and whether it may ask again."""

    code: Code
    message: str
    retry: bool = False

    def refuse(self, session: str) -> Refuse:
        """The message that says so."""
        return Refuse(session=session, code=self.code, message=self.message, retry=self.retry)
