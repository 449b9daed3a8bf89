"""The part with the devices: objects that somebody serves, their attributes shown and set."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from framebus.core.errors import BadFrame, Error, RemoteError
from framebus.core.redaction import redact
from framebus.web.responses import Wrong, as_json, beside, body
from framebus.web.wall import Wall
from framebus.web.ways import Role, Way
from framebus.work.objects.attributes import fault, plain, takes
from framebus.work.objects.members import Member
from framebus.work.objects.question_outcome import NoSuchMember
from framebus.work.remote import front

log = logging.getLogger("framebus")

LOOK_S = 0.9
"""How long it may take to tell an attribute. Below a second, after which whoever waits says so in the log."""
SET_S = 10.0
"""How long it may take to set one: stages move meanwhile."""
_ATTRIBUTE = "/api/devices/{name}/{attribute}"


class Wish(msgspec.Struct, forbid_unknown_fields=True):
    """What an attribute is to be."""

    value: Any


class Device:
    """One of them, at an address given when the page was started. `executor` has one thread: it takes turns."""

    def __init__(self, name: str, address: str) -> None:
        self.name = name
        self.address = redact(address)
        self.executor = ThreadPoolExecutor(1, f"framebus-web {name}")
        self._front = front(address, LOOK_S)
        self._setter = front(address, SET_S)

    def told(self) -> dict[str, Any]:
        """What it is and has; where it does not answer, why."""
        facts: dict[str, Any] = {"name": self.name, "address": self.address, "error": "", "class": "", "doc": ""}
        try:
            found = self._front.description()
            attributes = [self._attribute(one) for one in found.members if one.kind == "attribute"]
        except Error as error:
            return facts | {"error": redact(str(error)), "attributes": []}
        return facts | {"class": found.name, "doc": found.doc, "attributes": attributes}

    def set(self, name: str, value: Any) -> dict[str, Any]:
        """Give an attribute a value, once it is seen to be of its kind; how the attribute is then. Raises `Wrong`."""
        try:
            member = self._front.member(name)
            if member.kind == "method":
                raise Wrong(404, f"{name} is a method: attributes are set here", name)
            if why := fault(takes(member, self._front.get(name)), value):
                raise Wrong(422, f"{name} {why}", name)
            self._setter.set(name, value)
            log.info("%s: %s = %s", self.name, name, value)
            return self._attribute(member)
        except NoSuchMember as error:
            raise Wrong(404, redact(str(error)), name) from error
        except (RemoteError, BadFrame) as error:
            raise Wrong(422, _reason(error), name) from error
        except Error as error:
            raise Wrong(503, redact(str(error)), name) from error

    def close(self) -> None:
        """Let go of it; idempotent."""
        self._front.close()
        self._setter.close()
        self.executor.shutdown()

    def _attribute(self, member: Member) -> dict[str, Any]:
        facts = {"name": member.name, "doc": member.doc, "type": member.type, "error": ""}
        try:
            value = self._front.get(member.name)
        except (RemoteError, BadFrame) as error:  # a property that fails is no reason to hide the others
            return facts | {"takes": takes(member, None), "value": None, "error": _reason(error)}
        return facts | {"takes": takes(member, value), "value": plain(value)}


class Devices:
    """All of them. Raises `AddressError` for what is no address of an object."""

    def __init__(self, addresses: Sequence[str]) -> None:
        self.devices: dict[str, Device] = {}
        with ExitStack() as made:
            for address in addresses:
                name = _free(_short(address), self.devices)
                self.devices[name] = Device(name, address)
                made.callback(self.devices[name].close)
            made.pop_all()

    def join(self, wall: Wall) -> None:
        """See `Part`."""

    def ways(self) -> Sequence[Way]:
        """See `Part`."""
        return (
            Way("GET", "/api/devices", Role.OPERATE, self.listing, "devices: what they are called, where they are"),
            Way("GET", "/api/devices/{name}", Role.OPERATE, self.device, "one device: its attributes and their values"),
            Way("PUT", _ATTRIBUTE, Role.OPERATE, self.set, 'set one of them: {"value": …}'),
        )

    def close(self) -> None:
        """See `Part`."""
        with ExitStack() as closing:
            for device in self.devices.values():
                closing.callback(device.close)

    async def listing(self, request: Request) -> Response:
        """`api/devices`"""
        known = [{"name": device.name, "address": device.address} for device in self.devices.values()]
        return as_json({"devices": known})

    async def device(self, request: Request) -> Response:
        """`api/devices/NAME`"""
        device = self._device(request)
        return as_json(await beside(device.executor, device.told))

    async def set(self, request: Request) -> Response:
        """`PUT api/devices/NAME/ATTRIBUTE`"""
        device, wish = self._device(request), await body(request, Wish)
        setting = partial(device.set, request.path_params["attribute"], wish.value)
        return as_json(await beside(device.executor, setting))

    def _device(self, request: Request) -> Device:
        device = self.devices.get(request.path_params["name"])
        if device is None:
            raise Wrong(404, "there is no such device: api/devices lists them")
        return device


def _short(address: str) -> str:
    """What an address is called in others: `lab-pc:6000`, `stage`."""
    return redact(address).partition("://")[2].strip("/").replace("/", ":") or "device"


def _free(name: str, taken: dict[str, Device]) -> str:
    number = 2
    while name in taken:
        name, number = f"{name.removesuffix(f'.{number - 1}')}.{number}", number + 1
    return name


def _reason(error: Error) -> str:
    """Without the sentence about who said it, which the page shows anyway."""
    return redact(str(error).rpartition(" failed: ")[2])
