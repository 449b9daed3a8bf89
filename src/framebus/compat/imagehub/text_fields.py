"""What the text beside a picture asks of an imagehub: fields between `|`, the first letter of the second decides.

node view|jpg…        a picture to keep
node view|image…      raw pixels, which an imagehub does not keep
node|Heartbeat        the node is alive
node view|event|…     a line for the log
anything shorter      a test picture
"""

from __future__ import annotations

from enum import Enum

import msgspec


class Kind(Enum):
    """What is to be done."""

    PICTURE = "picture"
    RAW = "raw"
    HEARTBEAT = "heartbeat"
    EVENT = "event"
    TEST = "test"


class Message(msgspec.Struct, frozen=True):
    """A text, understood."""

    kind: Kind
    name: str = ""
    """Node and view."""
    text: str = ""
    """All of it."""

    @property
    def node(self) -> str:
        """Who sent it."""
        return self.name.split(" ", 1)[0]


_BY_LETTER = {"H": Kind.HEARTBEAT, "i": Kind.RAW, "j": Kind.PICTURE}


def understand(text: object) -> Message:
    """What `text`, as sent, asks for; anything that is no text of two fields is a test picture. Never raises."""
    if not isinstance(text, str) or "|" not in text:
        return Message(Kind.TEST)
    name, second, *_ = text.split("|")
    return Message(_BY_LETTER.get(second[:1], Kind.EVENT), name.strip(), text)
