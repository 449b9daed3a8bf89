"""What an HDF5 recording looks like inside, for those who write it and those who read it.

/                      attribute `framebus`: 1, the version of this layout
/<stream>              a group; after a change of shape or type the stream goes on in `<stream>@2`, and so on.
                       Attributes: `stream`, `format` (of the pixels: `bgr24`, `gray16`, `array` …)
/<stream>/frames       (n, height, width[, channels]), one frame in each chunk
/<stream>/index        (n), what `INDEX` says, of each frame
/<stream>/missed       (m, 2), of each frame before which others were lost its row and how many they were
/<stream>/meta         (bytes), JSON; that of a frame are `meta_bytes` from `meta_at` on
/<stream>/arrays/NAME  (n, …), further arrays of each frame, where there are any
"""

from __future__ import annotations

from typing import Any

import numpy as np

from framebus.core.errors import BadFrame
from framebus.wire.recordings import missed
from framebus.wire.recordings.missed import Missed

VERSION = 1
MARK = "framebus"
AGAIN = "@"
"""Between a stream's name, which cannot hold it, and the number of its part."""

INDEX = np.dtype(
    [
        ("captured_ns", "<i8"),
        ("seq", "<u8"),
        ("run", "<u8"),
        ("captured_mono_ns", "<i8"),
        ("meta_at", "<u8"),
        ("meta_bytes", "<u4"),
        ("clock", "S40"),
    ]
)
"""Of each frame; see `Frame` for what they mean."""

LZ4_FILTER, SHUFFLE_FILTER, GZIP_FILTER = 32004, 2, 1
"""As registered with the HDF Group."""


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
