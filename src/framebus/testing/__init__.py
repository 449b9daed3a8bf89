"""For tests of what plugs into framebus: conformance suites, sample frames, and a real video clip.

A suite is a plain class with test methods. Subclass it under pytest and say how the thing is made:

    from framebus.testing import SourceConformance

    class TestMyCamera(SourceConformance):
        def make(self, tmp_path):
            return MyCamera(exposure_ms=5)

All promises that readers, relays and sinks rely on are then checked. Nothing but `LinkConformance` imports pytest: the
methods are called with a `tmp_path` (a folder of their own) and fail by `assert`.
"""

from __future__ import annotations

import pkgutil
import sys
from typing import TYPE_CHECKING

if "pytest" in sys.modules:
    # Failures then show both sides of a comparison, as in tests of one's own.
    sys.modules["pytest"].register_assert_rewrite(
        *(f"{__name__}.{found.name}" for found in pkgutil.iter_modules(__path__))
    )

from framebus.core.later import later
from framebus.sources import stamp
from framebus.testing.encodings import EncodingConformance
from framebus.testing.ops import OpConformance
from framebus.testing.sample_video import clip
from framebus.testing.samples import framed, pictures, samples
from framebus.testing.sinks import SinkConformance
from framebus.testing.sources import SourceConformance

if TYPE_CHECKING:
    from framebus.testing.camera import TestCamera
    from framebus.testing.holding import nothing_left_open
    from framebus.testing.links import LinkConformance

__all__ = [
    "EncodingConformance",
    "LinkConformance",
    "OpConformance",
    "SinkConformance",
    "SourceConformance",
    "TestCamera",
    "clip",
    "framed",
    "nothing_left_open",
    "pictures",
    "samples",
    "stamp",
]

if not TYPE_CHECKING:  # to a type checker only the names above exist
    # each of them needs much else, and the first one pytest
    __getattr__ = later(__name__, {"LinkConformance": "links", "TestCamera": "camera", "nothing_left_open": "holding"})
