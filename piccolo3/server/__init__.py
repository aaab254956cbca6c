"""Composition root: configuration -> devices -> store -> workers -> components -> CoAP; options, daemon, signals."""

from __future__ import annotations

from piccolo3.server.main import main

__all__ = ["main"]
