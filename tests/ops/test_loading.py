"""Ops cost nothing before they are used, and say what to install."""

from __future__ import annotations

from tests.conftest import StartChild

WITHOUT = "import sys; sys.modules['cv2'] = None\n"


def test_importing_ops_loads_no_opencv(child: StartChild) -> None:
    code = "import sys, framebus.ops; print('cv2' in sys.modules, 'numpy' in sys.modules)"
    assert child("-c", code).succeed().split() == ["False", "False"]


def test_some_ops_need_no_opencv(child: StartChild) -> None:
    code = (
        WITHOUT + "import numpy as np; from framebus.core.ops import load; from framebus.core.frame import Frame\n"
        "frame = Frame.of(np.ones((8, 8), np.uint16))\n"
        "for spec in 'crop=4x4 pad=9x9 mask=1x1 normalise window=0,9 invert average=2 sample=1'.split():\n"
        "    assert load(spec)(frame) is not None\n"
    )
    child("-c", code).succeed()


def test_what_needs_it_names_the_extra(child: StartChild) -> None:
    code = (
        WITHOUT
        + "import framebus.ops\nfrom framebus.core.errors import Unavailable\nfrom framebus.core.ops import load\n"
        "for use in (lambda: framebus.ops.resize, lambda: load('gray')):\n"
        "    try:\n        use()\n    except Unavailable as error:\n        print(error)\n"
    )
    assert child("-c", code).succeed().splitlines() == [
        "op 'resize' needs the package cv2: pip install 'framebus[opencv]'",
        "op 'gray' needs the package cv2: pip install 'framebus[opencv]'",
    ]
