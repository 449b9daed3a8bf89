"""What `framebus doctor` looks at, one finding after the other."""

from __future__ import annotations

import os
import platform
import stat
import sys
from collections.abc import Callable, Iterator
from importlib import metadata, util
from typing import Literal

import msgspec

from framebus.cli import figures
from framebus.core.errors import Error, Unavailable
from framebus.memory.available import available_bytes, reserve_bytes
from framebus.memory.pool import supported

State = Literal["good", "note", "warning", "bad"]

NEEDED = ("numpy", "msgspec", "pyzmq", "lz4", "simplejpeg", "pillow", "tifffile", "rich", "psutil")
EXTRAS = (
    ("video", "av", "PyAV", "video files, RTSP cameras, webcams"),
    ("window", "pygame", "pygame-ce", "pictures on the screen, window:"),
    ("screen", "mss", "mss", "what is on the screen as pictures, screen:"),
)
"""Extra, module, package, and what it is for."""

FEW_DESCRIPTORS = 4096


class Finding(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing that was looked at."""

    what: str
    state: State
    found: str
    advice: str = ""


def of_machine() -> Iterator[Finding]:
    """Everything about this machine; the last one sends frames through a real link."""
    from framebus.cli.selftest import over_shared_memory, over_tcp

    yield _versions()
    yield _system()
    yield from _needed()
    yield from _extras()
    yield from _cameras()
    yield _encryption()
    yield _descriptors()
    yield _shared_memory()
    yield _event_descriptors()
    yield _runtime_folder()
    yield _keys_folder()
    yield _port()
    yield _link(over_tcp)
    if supported():
        yield _link(over_shared_memory)


def _versions() -> Finding:
    import framebus

    python = f"Python {platform.python_version()} ({sys.executable})"
    return Finding("framebus", "good", f"{framebus.__version__} on {python}")


def _system() -> Finding:
    return Finding(
        "system", "note", f"{platform.system()} {platform.release()} {platform.machine()}, {os.cpu_count()} cores"
    )


def _needed() -> Iterator[Finding]:
    found = {name: _version_of(name) for name in NEEDED}
    missing = [name for name, version in found.items() if not version]
    if missing:
        yield Finding("packages", "bad", f"missing: {', '.join(missing)}", "pip install --upgrade framebus")
    yield Finding("packages", "note", ", ".join(f"{name} {version}" for name, version in found.items() if version))


def _extras() -> Iterator[Finding]:
    for extra, module, package, purpose in EXTRAS:
        if util.find_spec(module) is not None:
            yield Finding(f"[{extra}]", "good", f"{package} {_version_of(package) or ''}: {purpose}")
        else:
            yield Finding(f"[{extra}]", "note", f"not installed: {purpose}", f"pip install 'framebus[{extra}]'")


def _cameras() -> Iterator[Finding]:
    if sys.platform != "linux":
        return
    devices = sorted(f"/dev/{name}" for name in os.listdir("/dev") if name.startswith("video"))
    if closed := [device for device in devices if not os.access(device, os.R_OK | os.W_OK)]:
        advice = "add this user to the group video, then log in again: sudo usermod -aG video $USER"
        yield Finding("webcams", "warning", f"{', '.join(closed)} may not be used by this user", advice)
    elif devices:
        yield Finding("webcams", "good", f"{', '.join(devices)}: framebus info camera:0 shows what the first sends")
    if util.find_spec("picamera2") is not None:
        yield Finding("picamera2", "good", "installed: Raspberry Pi cameras, camera:pi")


def _encryption() -> Finding:
    import zmq

    version = f"libzmq {zmq.zmq_version()}"
    if zmq.has("curve"):
        return Finding("encryption", "good", f"{version} with CURVE: keys work")
    advice = "pip install --force-reinstall pyzmq brings a libzmq that can; without it only this machine is safe"
    return Finding("encryption", "bad", f"{version} without CURVE: keys do not work", advice)


def _link(test: Callable[[], str]) -> Finding:
    try:
        return Finding("link", "good", test())
    except Exception as error:  # whatever it is, it is what somebody asked doctor for
        found = f"{type(error).__name__}: {error}"
        return Finding("link", "bad", found, "framebus doctor --debug shows where it happened")


def _descriptors() -> Finding:
    try:
        import resource
    except ImportError:
        return Finding("connections", "note", "this system does not limit open files per process")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    found = f"{soft} open files, {hard if hard != resource.RLIM_INFINITY else 'any number'} when asked for"
    if hard != resource.RLIM_INFINITY and hard < FEW_DESCRIPTORS:
        return Finding("connections", "warning", found, "many senders need more: ulimit -Hn 65536, or LimitNOFILE=")
    return Finding("connections", "good", found)


def _shared_memory() -> Finding:
    if not supported():
        advice = "programs of this machine use tcp://127.0.0.1 instead of shm://"
        return Finding("shared memory", "note", "this system cannot share it between processes", advice)
    left = available_bytes() - reserve_bytes()
    return Finding("shared memory", "good", f"{figures.size(max(0, left))} can be had for pictures")


def _event_descriptors() -> Finding:
    if hasattr(os, "eventfd"):
        return Finding("eventfd", "good", "sources can be waited for with select and asyncio")
    return Finding("eventfd", "note", "not here: a pipe is used, which works as well")


def _runtime_folder() -> Finding:
    from framebus.links import directory

    try:
        return Finding("runtime folder", "good", str(directory.runtime_folder()))
    except Unavailable as error:
        return Finding("runtime folder", "bad", str(error), "framebus list sees nothing until then")


def _keys_folder() -> Finding:
    from framebus.links.keys import KeyStore, default_folder

    folder = default_folder()
    if not folder.is_dir():
        return Finding("keys", "note", "none yet", "framebus keys invite NAME makes them, on the machine that listens")
    if os.name == "posix" and stat.S_IMODE(folder.stat().st_mode) & 0o077:
        return Finding("keys", "bad", f"{folder} is open to other users", f"chmod 700 '{folder}'")
    try:
        store = KeyStore()
        let_in = figures.count(len(store.clients()), "machine")
        return Finding("keys", "good", f"{folder}: {let_in} may connect here, {len(store.peers())} known elsewhere")
    except Error as error:
        return Finding("keys", "bad", str(error))


def _port() -> Finding:
    from framebus.core.hosts import DEFAULT_PORT
    from framebus.links import ports

    held = ports.holder(DEFAULT_PORT)
    if held is None:
        return Finding(f"port {DEFAULT_PORT}", "good", "free")
    return Finding(f"port {DEFAULT_PORT}", "note", f"held by {held}")


def _version_of(package: str) -> str:
    try:
        return metadata.version({"PyAV": "av"}.get(package, package))
    except metadata.PackageNotFoundError:
        return ""
