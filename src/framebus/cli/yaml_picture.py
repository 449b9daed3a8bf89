"""An imagehub.yaml or imagenode.yaml as a picture in the terminal, like that of a system."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.console import RenderableType
from rich.text import Text

from framebus.cli.figures import count
from framebus.cli.graph_picture import box, grid, on_screen
from framebus.core.redaction import redact

if TYPE_CHECKING:
    from framebus.compat.imagehub.settings import HubSettings
    from framebus.compat.imagenode.camera_settings import CameraSettings
    from framebus.compat.imagenode.detector_settings import DetectorSettings
    from framebus.compat.imagenode.settings import NodeSettings

_SENDS = {"continuous": "every picture", "event": "pictures when something changes", "none": "no pictures"}


def show_hub(path: str, settings: HubSettings) -> None:
    """Print what an imagehub.yaml says."""
    on_screen(_hub(path, settings))


def show_node(path: str, settings: NodeSettings) -> None:
    """Print what an imagenode.yaml says."""
    on_screen(_node(path, settings))


def _hub(path: str, settings: HubSettings) -> Iterator[RenderableType]:
    yield Text(f"{path} is in order: 1 hub", style="bold")
    doing = (
        f"from {', '.join(settings.allow) if settings.allow else 'anybody' if settings.open_to_all else 'here'}",
        f"at most {settings.max_images_write:,} pictures a day",
        f"at most {settings.max_log_lines:,} events a day",
        f"a node is missed after {settings.patience:g} min",
    )
    yield box([settings.address], "imagehub", doing, settings.data_directory)


def _node(path: str, settings: NodeSettings) -> Iterator[RenderableType]:
    hubs = count(len(settings.hubs), "hub")
    yield Text(f"{path} is in order: {count(len(settings.cameras), 'camera')}, {hubs}", style="bold")
    room = max((len(redact(camera.address)) for camera in settings.cameras), default=0)
    for camera in settings.cameras:
        title = " ".join(filter(None, (camera.label, camera.view)))
        yield box([redact(camera.address)], title, tuple(_camera(camera)), f"the hub, as {settings.name}", room)
    yield Text("\nhubs, the first that answers", style="dim")
    listed = grid()
    for number, hub in enumerate(settings.hubs, 1):
        listed.add_row(Text(f"  H{number}", style="bold"), hub)
    yield listed
    yield Text(f"\n{', '.join(_sending(settings))}", style="dim")


def _camera(camera: CameraSettings) -> Iterator[str]:
    """What is asked of a camera, and done with its pictures."""
    if camera.size:
        yield f"size {camera.size[0]}x{camera.size[1]}"
    if camera.framerate:
        yield f"framerate {camera.framerate:g}"
    if camera.flip:
        yield "upside down"
    if camera.width_percent < 100:
        yield f"{camera.width_percent} % of its width"
    for detector in camera.detectors:
        yield from _detector(detector)
    if camera.send != "none" or not camera.detectors:
        yield f"sends {_SENDS[camera.send]}"


def _detector(detector: DetectorSettings) -> Iterator[str]:
    part = detector.region
    whole = (part.left, part.top, part.right, part.bottom) == (0, 0, 100, 100)
    where = "" if whole else f" in {part.left},{part.top} to {part.right},{part.bottom} %"
    yield f"{detector.kind}{where}: {_SENDS[detector.send]}"
    if detector.send == "event":
        yield f"  {detector.count} at a time"
    for name, value in detector.options.items():
        yield f"  {name} {value:g}"
    if detector.outline:
        yield "  drawn onto the pictures"


def _sending(settings: NodeSettings) -> Iterator[str]:
    """How messages go out."""
    yield "pictures as JPEG" if settings.send_type == "jpg" else "pictures as arrays"
    yield f"at most {settings.queuemax:,} waiting"
    yield f"the next hub after {settings.patience:g} s"
    if settings.heartbeat:
        yield f"a heartbeat every {settings.heartbeat:g} min"
