"""What an HDF5 recording looks like inside, for those who write it and those who read it.

/                      attribute `framebus`: 2, the version of this layout
/<stream>              a group; after a change of shape or type the stream goes on in `<stream>@2`, and so on.
                       Attributes: `stream`, `format` (of the pixels: `bgr24`, `gray16`, `array` …)
/<stream>/frames       (n, height, width[, channels]), one frame in each chunk
/<stream>/index        (n), what `INDEX` says, of each frame; `there` is 1
/<stream>/missed       (m, 2), of each frame before which others were lost its row and how many they were
/<stream>/meta         (bytes), JSON; that of a frame are `meta_bytes` from `meta_at` on
/<stream>/arrays/NAME  (n, …), further arrays of each frame, where there are any

While it is written, and when its recorder was killed, all but `missed` may be longer: rows of zeros to come, where
`there` is 0. Version 1, of early days, had no `there`, and an index without such rows.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from framebus.core.errors import BadFrame
from framebus.wire.recordings import missed
from framebus.wire.recordings.missed import Missed

VERSION = 2
KNOWN = frozenset({1, VERSION})
MARK = "framebus"
AGAIN = "@"
"""Between a stream's name, which cannot hold it, and the number of its part."""

_EARLY = [
    ("captured_ns", "<i8"),
    ("seq", "<u8"),
    ("run", "<u8"),
    ("captured_mono_ns", "<i8"),
    ("meta_at", "<u8"),
    ("meta_bytes", "<u4"),
    ("clock", "S40"),
]
INDEX = np.dtype([*_EARLY, ("there", "u1")])
"""Of each frame; see `Frame` for what they mean."""
INDICES = (INDEX, np.dtype(_EARLY))
"""Of all versions that are known."""

LZ4_FILTER, SHUFFLE_FILTER, GZIP_FILTER = 32004, 2, 1
"""As registered with the HDF Group."""


def there(rows: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Those of some `rows` of an index that are of frames, and not of frames to come."""
    if "there" not in (rows.dtype.names or ()):
        return rows
    to_come = np.flatnonzero(rows["there"] == 0)
    return rows[: to_come[0]] if len(to_come) else rows


def missed_of(group: Any) -> Missed:
    """What was lost before the frames of a part that is open; raises `BadFrame` where it cannot be known."""
    if missed.NAME not in group:
        return Missed()
    try:
        pairs, since = group[missed.NAME], int(group[missed.NAME].attrs.get(missed.SINCE, 0))
        if pairs.dtype == missed.DTYPE and pairs.shape[1:] == (2,):
            return Missed(pairs[:], since)
    except (AttributeError, TypeError, ValueError):
        pass  # something else is called so
    raise BadFrame(f"{group.name}/{missed.NAME} is not as framebus records it")
