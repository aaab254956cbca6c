"""The components as CoAP resources, on aiocoap."""

from __future__ import annotations

from piccolo3.coap.server import CoapServer

__all__ = ["CoapServer"]
