"""Put every frame of a stream into a folder, as PNG (TIFF where PNG cannot hold it); run it again and it goes on.

python record_to_folder.py [SOURCE] [FOLDER] [--frames N]
"""

import argparse
from pathlib import Path

import framebus as fb

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("source", nargs="?", default="synthetic:")
parser.add_argument("folder", nargs="?", default="frames/")
parser.add_argument("--frames", type=int, default=30)
arguments = parser.parse_args()

fb.pipe(arguments.source, arguments.folder.rstrip("/") + "/", frames=arguments.frames)
files = sorted(Path(arguments.folder).glob("*-*[0-9].*"))
print(f"{len(files)} files, {files[0].name} to {files[-1].name}")
