"""Everything framebus raises on purpose.

    Error                    the root: catch this to catch them all
    ├─ AddressError     [2]  an address that cannot be read, or an unknown scheme or extension
    ├─ OptionError      [2]  an option that does not exist or a value it does not take
    ├─ Unavailable      [4]  the environment says no: port, disk, permission, keys, a missing extra
    ├─ Timeout          [4]  nothing came, or somebody owed did not take what they were owed, in time
    ├─ Closed           [4]  used after `close()`, in a forked child, or the other side said no for good
    ├─ BadFrame         [3]  a header, an array or an encoded image that is not what it claims to be
    ├─ OpError          [3]  the user's own function failed on a frame
    └─ RemoteError      [3]  an object that lives elsewhere answered with an error

The number is the command line's exit code. Every text says what happened, to which stream, file or address,
and what to do next.
"""

from __future__ import annotations

from typing import ClassVar


class Error(Exception):
    """Base of all framebus errors; `exit_code` is what the command line exits with."""

    exit_code: ClassVar[int] = 1
    hopeless: ClassVar[bool] = False
    """True where doing the same again can only end the same way."""


class AddressError(Error, ValueError):
    """An address that cannot be read, or names a scheme or file type nobody handles."""

    exit_code = 2
    hopeless = True


class OptionError(Error, ValueError):
    """An option that does not exist here, or a value it does not take."""

    exit_code = 2
    hopeless = True


class Unavailable(Error, OSError):  # noqa: N818  (short, as people say it)
    """The environment says no: a port in use, a full disk, a missing permission, key or extra."""

    exit_code = 4


class Timeout(Error, TimeoutError):  # noqa: N818  (short, as people say it)
    """Waiting was limited and the limit passed."""

    exit_code = 4


class Closed(Error):  # noqa: N818  (short, as people say it)
    """The object was closed, belongs to another process, or the other side refused it for good."""

    exit_code = 4


class BadFrame(Error, ValueError):  # noqa: N818  (short, as people say it)
    """Bytes that are not the frame, packet or message they claim to be."""

    exit_code = 3


class OpError(Error):
    """A user's function failed on a frame; carries the worker's traceback and the frame's identity."""

    exit_code = 3


class RemoteError(Error):
    """An object that lives elsewhere answered with an error."""

    exit_code = 3
