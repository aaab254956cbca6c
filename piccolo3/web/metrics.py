"""What Prometheus wants to know (text format 0.0.4): the front end, and what housekeeping says of every rig."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from piccolo3.client.connection import GET
from piccolo3.errors import PiccoloError
from piccolo3.jsonvalue import JsonValue
from piccolo3.web.rigs import Rig
from piccolo3.web.site import Shown, site_of

__all__ = ["ROUTES"]

_PATHS = ("sysinfo/housekeeping", "control/progress", "sysinfo/health")
_TIMEOUT = 8.0  # s; Prometheus waits for 10 unless told otherwise
_UNNAMED = re.compile(r"[^a-zA-Z0-9_]")

Samples = list[tuple[str, Mapping[str, str], float]]


async def _metrics(request: Request) -> Response:
    site = site_of(request)
    samples: Samples = [
        ("piccolo_web_sessions", {}, len(site.access.sessions)),
        ("piccolo_web_streams", {}, site.streams),
    ]
    for found in await asyncio.gather(*(_rig(shown) for shown in site.rigs.values())):
        samples += found
    return PlainTextResponse(_text(samples), media_type="text/plain; version=0.0.4")


async def _rig(shown: Shown) -> Samples:
    name = {"rig": shown.rig.name}
    try:
        async with asyncio.timeout(_TIMEOUT), shown.rig.use() as rig:
            found = await rig.gather(GET, _PATHS)
    except (PiccoloError, TimeoutError):
        return [("piccolo_up", name, 0), ("piccolo_watchers", name, shown.rig.users)]
    return [("piccolo_up", name, 1), ("piccolo_watchers", name, shown.rig.users), *_of(shown.rig, found)]


def _of(rig: Rig, found: Mapping[str, JsonValue]) -> Samples:
    samples: Samples = []
    name = {"rig": rig.name}
    housekeeping = _mapping(found.get("sysinfo/housekeeping")).get("values")
    for key, value in _mapping(housekeeping).items():
        quantity, _, part = key.partition("/")
        if isinstance(value, int | float):
            more = {"of": part} if part else {}
            samples.append((f"piccolo_{_UNNAMED.sub('_', quantity)}", {**name, **more}, float(value)))
    progress = _mapping(found.get("control/progress"))
    for key in ("step", "steps", "sequence", "seconds_left"):
        value = progress.get(key)
        if isinstance(value, int | float):
            samples.append((f"piccolo_batch_{key}", name, float(value)))
    samples.append(("piccolo_busy", name, float(progress.get("phase") not in ("idle", None))))
    health = _mapping(found.get("sysinfo/health")).get("status")
    samples.append(("piccolo_healthy", name, float(health == "ok")))
    return samples


def _mapping(value: JsonValue) -> Mapping[str, JsonValue]:
    return value if isinstance(value, Mapping) else {}


def _text(samples: Samples) -> str:
    """The samples, those of one name together, as gauges."""
    names = list(dict.fromkeys(name for name, _, _ in samples))
    lines: list[str] = []
    for name in names:
        lines.append(f"# TYPE {name} gauge")
        for other, labels, value in samples:
            if other == name:
                inside = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels.items())
                lines.append(f"{name}{{{inside}}} {value:.12g}" if inside else f"{name} {value:.12g}")
    return "\n".join(lines) + "\n"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


ROUTES = [Route("/metrics", _metrics)]
