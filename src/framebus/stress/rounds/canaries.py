"""S5: what would run if anybody unpickled or evaluated it, in every field of every message and every kind of file."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import zmq

import framebus as fb
from framebus.links.directory import runtime_folder
from framebus.stress.trial import Trial
from framebus.testing.damage import Damage
from framebus.testing.parsers import parsers
from framebus.testing.payloads import Canary
from framebus.wire.encodings import encode

MESSAGES = 400
"""For each parser."""
FILES = 120
SENT = 40
IMAGE = np.zeros((6, 8, 3), np.uint8)


def attempt(trial: Trial) -> None:
    """Parsers, files, folders with somebody's notes in them, settings, sockets: the canary stays silent."""
    os.chdir(trial.folder)
    canary = Canary(trial.folder / "canary")
    _warm(trial)
    for place in (_messages, _files, _notes):
        canary.watching = True
        place(trial, canary)
        canary.watching = False
        _listen(trial, canary, place.__name__)
    _sockets(trial, canary)
    _settings(trial, canary)
    _listen(trial, canary, "settings and sockets")


def _listen(trial: Trial, canary: Canary, where: str) -> None:
    trial.check(not canary.sang, f"{where}: something ran: {canary.caught[:3]} {canary.path.exists()}")


def _warm(trial: Trial) -> None:
    """What is imported when first used runs code of its own."""
    path = trial.folder / "warm-{seq}.png"
    with fb.publish(str(path)) as out:
        out.send(IMAGE)


# messages -------------------------------------------------------------------------------------------------------


def _messages(trial: Trial, canary: Canary) -> None:
    """In place of values, parts, and everything."""
    values, bodies = list(canary.in_json()), canary.all()
    for parser in parsers():
        damage = Damage(trial.chance, parser.messages, values=values)
        for _ in range(MESSAGES):
            parts = damage.one()
            if trial.chance.random() < 0.3:
                parts[trial.chance.randrange(len(parts) + 1) :] = [trial.chance.choice(bodies)]
            with suppress(*parser.refusals):
                parser.read(parts)
            _listen(trial, canary, f"{parser.name}: {parts!r:.2000}")
        trial.count("messages", MESSAGES)


# files ----------------------------------------------------------------------------------------------------------

_EXTENSIONS = (
    *("png", "jpg", "tif", "bmp", "webp", "gif", "npy", "npz", "h5", "hdf5", "zarr", "mp4", "mkv", "avi", "pkl"),
    *("toml", "yaml", "json", "txt", "zip", "mjpeg", "h264"),
)


def _files(trial: Trial, canary: Canary) -> None:
    """Opened as sources."""
    bodies, folder = canary.all(), trial.folder / "files"
    folder.mkdir()
    for number in range(FILES):
        path = folder / f"file{number}.{trial.chance.choice(_EXTENSIONS)}"
        path.write_bytes(trial.chance.choice(bodies))
        _open(trial, canary, path)
    for make in _CONTAINERS:
        for number, path in enumerate(make(folder, canary)):
            _open(trial, canary, path)
            trial.count("containers", number == 0)


def _open(trial: Trial, canary: Canary, path: Path) -> None:
    with suppress(fb.Error), fb.open(str(path), timeout="2s") as source:
        for frame in source:
            _ = frame.image
            break
    trial.count("files")
    _listen(trial, canary, f"opening {path.name}")


def _pictures(folder: Path, canary: Canary) -> Iterator[Path]:
    """In texts inside of pictures."""
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    for number, data in enumerate(canary.all()[::5]):
        about = PngInfo()
        about.add_text("Comment", data.decode("latin-1"), zip=bool(number % 2))
        about.add(b"fbPk", data)
        path = folder / f"text{number}.png"
        Image.fromarray(IMAGE).save(path, pnginfo=about)
        yield path
        path = folder / f"text{number}.tif"
        Image.fromarray(IMAGE).save(path, tiffinfo={270: data.decode("latin-1"), 305: "framebus"})
        yield path


def _arrays(folder: Path, canary: Canary) -> Iterator[Path]:
    """As numpy's arrays of objects, which are pickles."""
    for number, data in enumerate(canary.pickles()):
        path = folder / f"objects{number}.npy"
        head = {"descr": "|O", "fortran_order": False, "shape": (1,)}
        with path.open("wb") as file:
            np.lib.format.write_array_header_1_0(file, head)
            file.write(data)
        yield path
        bundle = folder / f"objects{number}.npz"
        with zipfile.ZipFile(bundle, "w") as several:
            several.writestr("arr_0.npy", path.read_bytes())
        yield bundle


def _recordings(folder: Path, canary: Canary) -> Iterator[Path]:
    """In HDF5: attributes, texts and the notes that our own recordings have."""
    try:
        import h5py
    except ImportError:
        return
    for number, data in enumerate(canary.all()[::4]):
        path = folder / f"recording{number}.h5"
        with suppress(fb.Error), fb.publish(str(path)) as out:
            out.send(fb.Frame.of(IMAGE, stream="cam", meta={"note": data.decode("latin-1")}))
        with h5py.File(path, "a") as file:
            file.attrs["pickle"] = np.void(data)
            file["cam"].attrs["format"] = np.void(data)
            meta = file.get("cam/meta")
            if meta is not None and meta.ndim == 1 and meta.dtype == np.uint8:
                meta.resize((len(data),))
                meta[:] = np.frombuffer(data, np.uint8)
        yield path


def _trees(folder: Path, canary: Canary) -> Iterator[Path]:
    """In Zarr: codecs that unpickle, named in its description."""
    for number, data in enumerate(canary.pickles()[::3]):
        path = folder / f"tree{number}.zarr"
        (path / "cam").mkdir(parents=True)
        told = {"zarr_format": 2, "shape": [1], "chunks": [1], "dtype": "|O", "order": "C", "fill_value": None}
        told |= {"compressor": None, "filters": [{"id": "pickle", "protocol": 5}]}
        (path / ".zgroup").write_text('{"zarr_format": 2}')
        (path / "cam" / ".zarray").write_text(json.dumps(told))
        (path / "cam" / "0").write_bytes(data)
        third = {"zarr_format": 3, "node_type": "array", "shape": [1], "data_type": "object", "fill_value": 0}
        third |= {"codecs": [{"name": "pickle"}], "chunk_key_encoding": {"name": "default"}}
        third |= {
            "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [1]}},
            "attributes": {"framebus": 1},
        }
        (path / "zarr.json").write_text(
            json.dumps({"zarr_format": 3, "node_type": "group", "attributes": {"framebus": 1}})
        )
        (path / "cam" / "zarr.json").write_text(json.dumps(third))
        yield path


_CONTAINERS: tuple[Callable[[Path, Canary], Iterator[Path]], ...] = (_pictures, _arrays, _recordings, _trees)


# what lies in folders -------------------------------------------------------------------------------------------


def _notes(trial: Trial, canary: Canary) -> None:
    """The notes of sinks, jobs, and of this machine's streams, written by somebody else."""
    for number, data in enumerate(canary.all()[::3]):
        folder = trial.folder / f"out{number}"
        folder.mkdir()
        for name in ("framebus-index.json", ".framebus-journal"):
            (folder / name).write_bytes(data)
        with suppress(fb.Error), fb.publish(f"{folder}/") as out:
            out.send(IMAGE)
        (runtime_folder() / f"{number}.json").write_bytes(data)
        (runtime_folder() / f"{number}.stream").write_bytes(data)
        with suppress(fb.Error):
            fb.streams()
        trial.count("notes", 4)


# settings and sockets -------------------------------------------------------------------------------------------


def _settings(trial: Trial, canary: Canary) -> None:
    """Files that describe a system, a hub or a node."""
    folder = trial.folder / "settings"
    folder.mkdir()
    text = trial.chance.choice(canary.texts())
    written = {
        "imagehub.yaml": f"hub: {text}\nother: !!python/object/apply:os.system ['touch {canary.path}']\n",
        "imagenode.yaml": f"node:\n  name: {text}\ncameras: !!python/object/apply:os.system ['touch {canary.path}']\n",
        "system.toml": f"[streams]\na = {{ source = {json.dumps(text)}, fps = {json.dumps(text)} }}\n",
    }
    children = []
    for name, content in written.items():
        (folder / name).write_text(content)
        children.append(trial.framebus("run", folder / name))
    for child in children:
        code = child.wait(30.0)
        trial.check(code not in (0, 1), f"settings that are none were taken: {code} {child.stderr}")
        trial.count("settings")


def _sockets(trial: Trial, canary: Canary) -> None:
    """To listeners for every kind of sender."""
    jpeg = bytes(encode(fb.Frame.of(IMAGE), "jpeg").content.data)
    context = zmq.Context()
    try:
        for dialect in ("", "imagezmq+", "netgear+", "pyzmq+"):
            address = f"tcp://127.0.0.1:{trial.port()}"
            with suppress(fb.Error), fb.open(f"{dialect}{address}", listen=True, timeout="100ms") as hub:
                hub.fileno()
                sender = context.socket(zmq.DEALER)
                sender.linger = 0
                sender.connect(address)
                for _ in range(SENT):
                    body = trial.chance.choice(canary.all())
                    sender.send_multipart(trial.chance.choice(([body], [body, jpeg], [b"", body], [b"", b"cam", body])))
                    trial.count("messages")
                with suppress(fb.Error):
                    while True:
                        _ = hub.read().image
    finally:
        context.destroy(0)
