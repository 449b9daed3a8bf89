"""What other systems say on the same kinds of sockets, as pure functions: bytes in, frames and answers out.

One file per system; none of them touches a socket, and none runs a pickle. `recognise` tells messages apart, so that
one port can serve old and new senders.
"""

from __future__ import annotations

from framebus.wire.dialects.recognition import Kind, recognise, split_envelope

__all__ = ["Kind", "recognise", "split_envelope"]
