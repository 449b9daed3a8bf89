"""Make a small and a gray picture of everything in a folder, on all cores; run it again and it goes on.

python process_folder.py FOLDER OUT [--workers N]
"""

import argparse

import numpy as np
import numpy.typing as npt

import framebus as fb

Image = npt.NDArray[np.uint8]

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("folder")
parser.add_argument("out")
parser.add_argument("--workers", type=int, default=None)
arguments = parser.parse_args()


def framed(image: Image) -> Image:
    """Any function of a picture is an op."""
    image = image.copy()
    image[:4] = image[-4:] = 255
    return image


report = fb.process(
    arguments.folder,
    f"{arguments.out}/small",
    ["resize=320x240,fit=pad", framed],
    also={f"{arguments.out}/gray": ["resize=64x64", "gray"]},
    workers=arguments.workers,
)
print(f"{report.done}/{report.total} done, {report.resumed} of them before, {report.files} files written")
for trouble in [*report.failures, *report.quarantined]:
    print(f"{trouble.path}: {trouble.reason}")
