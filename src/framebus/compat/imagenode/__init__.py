"""A drop-in for imagenode: watches cameras and sends what happens before them to a hub."""

from __future__ import annotations

from framebus.compat.imagenode.hubs import Connect, Sender
from framebus.compat.imagenode.node import Node, open_node
from framebus.compat.imagenode.settings import NodeSettings, read

__all__ = ["Connect", "Node", "NodeSettings", "Sender", "open_node", "read"]
