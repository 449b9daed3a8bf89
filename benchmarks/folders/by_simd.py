"""A job by pillow-simd, which is called as Pillow is: it is taken from the folder that `PILLOW_SIMD` names."""

from __future__ import annotations

import os
import sys

sys.path.insert(0, os.environ["PILLOW_SIMD"])

from benchmarks.folders.by_pillow import with_pillow as with_simd

__all__ = ["with_simd"]
