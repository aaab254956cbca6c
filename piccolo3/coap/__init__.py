"""The components as CoAP resources, on aiocoap."""

from __future__ import annotations

from piccolo3.coap.server import CoapServer
from piccolo3.coap.sockets import open_endpoints

__all__ = ["CoapServer", "open_endpoints"]
