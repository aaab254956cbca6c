"""Who has asked for what is being done."""

from __future__ import annotations

from contextvars import ContextVar

__all__ = ["origin"]

origin: ContextVar[str] = ContextVar("origin", default="")
"""Protocol and address of a client, `coap [2001:db8::1]:40123`; empty where it was the program itself."""
