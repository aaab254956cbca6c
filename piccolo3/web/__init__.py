"""The web front end: pages and an HTTP interface for one or several rigs. `piccolo3-web` is in `piccolo3.web.main`."""

from __future__ import annotations

__all__: list[str] = []
