"""A drop-in for imagehub: files the pictures of imagenode's cameras by day and keeps the log of their events."""

from __future__ import annotations

from framebus.compat.imagehub.hub import Hub, open_hub
from framebus.compat.imagehub.settings import HubSettings, read

__all__ = ["Hub", "HubSettings", "open_hub", "read"]
