"""S8: hostile names of streams, files and nodes to all that writes files; what is outside stays as it was."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import zmq

import framebus as fb
from framebus.links.keys import KeyStore
from framebus.stress.numbered_pictures import picture
from framebus.stress.trial import Trial
from framebus.wire.dialects import any_sender
from framebus.wire.encodings import encode

NAMES = 40
FILES = 30
IMAGE = np.zeros((4, 6, 3), np.uint8)
_PIECES = (
    *("../", "..\\", "/", "\\", "..", ".", "...", "./", "~/", "~", "//", "../../../../"),
    *("\0", "\n", "\r\n", "\t", " ", "\x1b[2J", "\x7f", "\u202e", "\ufeff", "é", "画像", "\udc80", "\U0001f4f7"),
    *("%2e%2e%2f", "%00", "%s%n", "{stream}", "{seq}", "{name}", "{0}", "${HOME}", "$(touch pwned)", "`touch pwned`"),
    *("; touch pwned", "| touch pwned", "&& touch pwned", "-rf", "--help", "CON", "nul.png", "C:\\", "\\\\host\\share"),
    *("etc/passwd", ".ssh/authorized_keys", ".png", ".jpg", ".partial", ":", "*", "?", '"', "'", "<b>", "|", "|jpg"),
    *("a", "cam", "porch", "a" * 70, "b" * 300),
)


def attempt(trial: Trial) -> None:
    """Every writer gets every name; what it writes, it writes into its folder."""
    outside = Outside(trial)
    names = [_hostile_name(trial.chance, str(outside.forbidden)) for _ in range(NAMES)]
    for name in names:
        for write in _WRITERS:
            with suppress(fb.Error):
                write(outside.inside, name)
            outside.check(f"{write.__name__} with {name!r}")
        trial.count("names", len(_WRITERS))
    _process(trial, outside)
    _hub(trial, outside, names)


def _hostile_name(chance: random.Random, elsewhere: str) -> str:
    """A name that somebody else chose, made to confuse or to lead to the path `elsewhere`, where it should not."""
    name = "".join(chance.choice(_PIECES) for _ in range(chance.randrange(1, 6)))
    way = chance.random()
    if way < 0.15:
        return f"{elsewhere}{name}"
    if way < 0.3:
        return "../" * chance.randrange(1, 9) + elsewhere.lstrip("/") + name
    return name


def _file_name(name: str) -> str:
    """What of it a file can be called on this system; empty where nothing is left."""
    plain = name.replace("/", "").replace("\0", "").strip(".")
    return plain.encode("utf-8", "surrogateescape")[:200].decode("utf-8", "ignore")


class Outside:
    """Everything around the folder that may be written to."""

    def __init__(self, trial: Trial) -> None:
        self._trial = trial
        self.inside = trial.folder / "a" / "b" / "inside"
        self.inside.mkdir(parents=True)
        self.forbidden = trial.folder / "forbidden"
        self.forbidden.mkdir()
        (self.forbidden / "precious").write_text("precious")
        (self.inside / "door").symlink_to(self.forbidden)
        os.chdir(self.inside)
        self._before = self._seen()

    def _seen(self) -> dict[str, tuple[int, int]]:
        found: dict[str, tuple[int, int]] = {}
        for folder, folders, files in os.walk(self._trial.folder):
            folders[:] = [name for name in folders if os.path.join(folder, name) != str(self.inside)]
            for name in (*folders, *files):
                status = os.lstat(os.path.join(folder, name))
                found[os.path.join(folder, name)] = (status.st_size, status.st_mtime_ns)
        found.pop(str(self.inside.parent), None)
        return found

    def allow(self) -> None:
        """What is there now is meant to be there."""
        self._before = self._seen()

    def check(self, what: str) -> None:
        """Raise `Breach` where anything outside is new or changed."""
        now = self._seen()
        changed = sorted(path for path in now.keys() | self._before.keys() if now.get(path) != self._before.get(path))
        self._trial.count("escapes", len(changed))
        self._trial.check(not changed, f"{what} changed {changed}")


# writers --------------------------------------------------------------------------------------------------------


def _frame(name: str) -> fb.Frame:
    return fb.Frame.of(IMAGE, stream=name, meta={"path": name})


def _send(place: str, name: str) -> None:
    with fb.publish(place) as out:
        out.send(_frame(name))


def images(inside: Path, name: str) -> None:
    """Numbered images, in folders by stream and by the name of where they came from."""
    _send(f"{inside}/images/{{stream}}-{{seq}}.png", name)


def images_by_source(inside: Path, name: str) -> None:
    """The name of the file that a frame says it came from."""
    with fb.publish(f"{inside}/sources/{{name}}/{{seq}}.jpg") as out:
        out.send(fb.Frame.of(IMAGE, stream="cam", meta={"path": name}))


def images_through_the_link(inside: Path, name: str) -> None:
    """A folder in the output that somebody made a link to elsewhere."""
    _send(f"{inside}/{{stream}}/door/{{seq}}.png", "door")
    with fb.publish(f"{inside}/{{stream}}/{{seq}}.png") as out:
        out.send(fb.Frame.of(IMAGE, stream="door"))


def as_template(inside: Path, name: str) -> None:
    """The name as a part of the template."""
    _send(f"{inside}/{{stream}}/{name}-{{seq}}.png", "cam")


def as_stream_option(inside: Path, name: str) -> None:
    """The name that is to be given to all."""
    with fb.publish(f"{inside}/named/{{stream}}-{{seq}}.png", stream=name) as out:
        out.send(IMAGE)


def recording(inside: Path, name: str) -> None:
    """HDF5, one file for each stream."""
    _send(f"{inside}/recordings/{{stream}}/{{date}}.h5", name)


def shared_recording(inside: Path, name: str) -> None:
    """HDF5, a group in it for each stream."""
    _send(f"{inside}/all.h5", name)


def pages(inside: Path, name: str) -> None:
    """TIFF."""
    _send(f"{inside}/pages/{{stream}}@{{date}}.tif", name)


def arrays(inside: Path, name: str) -> None:
    """Zarr, which is a folder of files."""
    _send(f"{inside}/arrays/{{stream}}.zarr", name)


def from_imagezmq(inside: Path, name: str) -> None:
    """What an old sender calls itself."""
    head = json.dumps({"msg": name, "dtype": "uint8", "shape": IMAGE.shape}).encode()
    content = any_sender.read([head, IMAGE.tobytes()], "cam").content
    assert isinstance(content, fb.Frame)  # noqa: S101
    with fb.publish(f"{inside}/old/{{stream}}/{{seq}}.png") as out:
        out.send(content)


def stream_of_this_machine(inside: Path, name: str) -> None:
    """A stream whose files lie in the runtime folder."""
    with fb.publish(f"shm://{name}") as out:
        out.send(IMAGE)


def key(inside: Path, name: str) -> None:
    """A client's name in the key store."""
    KeyStore(inside / "keys").invite(name, "tcp://127.0.0.1:5555")


_WRITERS: tuple[Callable[[Path, str], None], ...] = (
    *(images, images_by_source, images_through_the_link, as_template, as_stream_option, recording, shared_recording),
    *(pages, arrays, from_imagezmq, stream_of_this_machine, key),
)


# jobs and hubs --------------------------------------------------------------------------------------------------


def _process(trial: Trial, outside: Outside) -> None:
    """Files with such names are worked on, and templates with such parts tried."""
    photos = trial.folder / "photos"
    photos.mkdir()
    image = bytes(encode(fb.Frame.of(picture(1)), "png").content.data)
    for _ in range(FILES):
        name = _file_name(_hostile_name(trial.chance, str(outside.forbidden)))
        with suppress(OSError, ValueError):
            (photos / f"{name}.png").write_bytes(image)
    outside.allow()
    report = fb.process(photos, outside.inside / "job", ["gray"], workers=1)
    trial.count("files", report.done)
    trial.check(report.done and not report.failures, f"{report.failures[:3]}")
    outside.check("a job over files with such names")
    for template in ("{folder}/../../{name}.png", "{name}/../../../x.png", "{name}/../door/x.png"):
        with suppress(fb.Error):
            fb.process(photos, f"{outside.inside}/{template}", ["gray"], workers=1)
        outside.check(f"a job to {template}")
    _process_through_a_link(trial, outside, image)


def _process_through_a_link(trial: Trial, outside: Outside, image: bytes) -> None:
    """Where the output has a link to elsewhere in place of a folder of the inputs."""
    folder = trial.folder / "albums" / "door"
    folder.mkdir(parents=True)
    (folder / "x.png").write_bytes(image)
    outside.allow()
    results = outside.inside / "results"
    results.mkdir()
    (results / "door").symlink_to(outside.forbidden)
    with suppress(fb.Error):
        fb.process(folder.parent, results, ["gray"], workers=1)
    outside.check("a job through a link in its output")


def _hub(trial: Trial, outside: Outside, names: list[str]) -> None:
    """An imagehub keeps pictures under the names that senders give."""
    port = trial.port()
    (outside.inside / "imagehub.yaml").write_text(f"hub:\n  address: tcp://127.0.0.1:{port}\n")
    process = trial.python("-m", "framebus", "run", "imagehub.yaml", cwd=outside.inside)
    process.wait_line("^imagehub at ")
    jpeg = bytes(encode(fb.Frame.of(picture(1)), "jpeg").content.data)
    context = zmq.Context()
    try:
        sender = context.socket(zmq.REQ)
        sender.linger = 0
        sender.connect(f"tcp://127.0.0.1:{port}")
        for name in names:
            for text in (f"{name}|jpg", f"{name} view|jpg|extra", f"node {name}|jpg", f"{name}|event|{name}"):
                sender.send_multipart([json.dumps({"msg": text}).encode(), jpeg])
                trial.check(sender.poll(20_000), f"no answer to {text!r}: {process.stderr}")
                sender.recv()
                trial.count("names")
    finally:
        context.destroy(0)
    trial.check(process.process.poll() is None and "Traceback" not in process.stderr, process.stderr)
    outside.check("an imagehub")
