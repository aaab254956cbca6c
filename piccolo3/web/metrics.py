"""What Prometheus wants to know (text format 0.0.4): the front end, and what every rig says of itself."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from piccolo3 import __version__
from piccolo3.client.connection import GET
from piccolo3.errors import PiccoloError
from piccolo3.jsonvalue import JsonValue
from piccolo3.quantities import QUANTITIES
from piccolo3.web.site import Shown, site_of

__all__ = ["ROUTES"]

_PATHS = (
    "sysinfo/version",
    "sysinfo/started",
    "sysinfo/health",
    "sysinfo/housekeeping",
    "sysinfo/clock_status",
    "control/progress",
    "control/outcome",
    "control/scheduler/enabled",
    "control/scheduler/next",
    "spectrometer/spectrometers",
)
_LEVELS = {"ok": 0, "warn": 1, "alarm": 2}
_TIMEOUT = 8.0  # s; Prometheus waits for 10 unless told otherwise
_UNNAMED = re.compile(r"[^a-zA-Z0-9_]")

_HELP = {
    "piccolo_web_info": "The front end.",
    "piccolo_web_sessions": "People who are logged in.",
    "piccolo_web_streams": "Streams of events to browsers and programs.",
    "piccolo_up": "Whether the rig answers.",
    "piccolo_watchers": "Pages and requests that use the rig now, this one included.",
    "piccolo_info": "The daemon of the rig.",
    "piccolo_started_seconds": "When the daemon was started, Unix time.",
    "piccolo_health_level": "How the rig is: 0 ok, 1 warning, 2 alarm.",
    "piccolo_healthy": "Whether there is nothing to warn of.",
    "piccolo_clock_trusted": "Whether the clock of the rig can be trusted.",
    "piccolo_busy": "Whether something is being recorded.",
    "piccolo_batch_step": "Steps of the batch that are done.",
    "piccolo_batch_steps": "Steps of the batch.",
    "piccolo_batch_sequence": "The sequence of the batch, from 0.",
    "piccolo_batch_seconds_left": "How long the batch will take, estimated.",
    "piccolo_last_batch_complete": "Whether the last batch ended as it should.",
    "piccolo_last_batch_ended_seconds": "When the last batch ended, Unix time.",
    "piccolo_jobs_enabled": "Whether jobs are started.",
    "piccolo_next_job_seconds": "When the next job is due, Unix time.",
    "piccolo_spectrometer_status": "1 no worker, 2 off, 3 dropped out, 4 connecting, 5 disconnected, 6 ready, "
    "7 recording, 8 finding integration times.",
    **{
        f"piccolo_{one.name}": f"{one.text}{f' Unit: {one.unit}.' if one.unit else ''}"
        for one in QUANTITIES
        if one.kind != "text"
    },
}

Samples = list[tuple[str, Mapping[str, str], float]]


async def _metrics(request: Request) -> Response:
    site = site_of(request)
    samples: Samples = [
        ("piccolo_web_info", {"version": __version__}, 1),
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
            names = found.get("spectrometer/spectrometers")
            serials = [str(one) for one in names] if isinstance(names, Sequence) and not isinstance(names, str) else []
            found |= await rig.gather(GET, [f"spectrometer/{one}/status" for one in serials])
    except (PiccoloError, TimeoutError):
        return [("piccolo_up", name, 0), ("piccolo_watchers", name, shown.rig.users)]
    samples: Samples = [("piccolo_up", name, 1), ("piccolo_watchers", name, shown.rig.users)]
    samples.append(("piccolo_info", {**name, "version": str(found.get("sysinfo/version"))}, 1))
    for one in serials:
        _add(samples, "spectrometer_status", {**name, "of": one[2:]}, found.get(f"spectrometer/{one}/status"))
    for key, more, value in (*_housekeeping(found), *_state(found)):
        _add(samples, key, {**name, **more}, value)
    return samples


def _housekeeping(found: Mapping[str, JsonValue]) -> Iterator[tuple[str, Mapping[str, str], JsonValue]]:
    for key, value in _mapping(_mapping(found.get("sysinfo/housekeeping")).get("values")).items():
        quantity, _, part = key.partition("/")
        yield _UNNAMED.sub("_", quantity), {"of": part} if part else {}, value


def _state(found: Mapping[str, JsonValue]) -> Iterator[tuple[str, Mapping[str, str], JsonValue]]:
    progress, outcome = _mapping(found.get("control/progress")), _mapping(found.get("control/outcome"))
    health = _mapping(found.get("sysinfo/health")).get("status")
    coming = found.get("control/scheduler/next")
    starts = [_mapping(one) for one in coming] if isinstance(coming, list) else []
    for key in ("step", "steps", "sequence", "seconds_left"):
        yield f"batch_{key}", {}, progress.get(key)
    yield "busy", {}, progress.get("phase") not in ("idle", None)
    yield "last_batch_complete", {}, outcome.get("result") == "complete" if outcome else None
    yield "last_batch_ended_seconds", {}, _seconds(outcome.get("ended"))
    yield "started_seconds", {}, _seconds(found.get("sysinfo/started"))
    yield "health_level", {}, _LEVELS.get(str(health))
    yield "healthy", {}, health == "ok"
    yield "clock_trusted", {}, _mapping(found.get("sysinfo/clock_status")).get("trusted")
    yield "jobs_enabled", {}, found.get("control/scheduler/enabled")
    yield "next_job_seconds", {}, next((_seconds(one.get("time")) for one in starts if not one.get("skipped")), None)


def _add(samples: Samples, key: str, labels: Mapping[str, str], value: JsonValue) -> None:
    """Only what is a number: what a rig does not know, or another version does not have, is left out."""
    if isinstance(value, bool | int | float):
        samples.append((f"piccolo_{key}", labels, float(value)))


def _mapping(value: JsonValue) -> Mapping[str, JsonValue]:
    return value if isinstance(value, Mapping) else {}


def _seconds(value: JsonValue) -> float | None:
    try:
        return datetime.fromisoformat(value).timestamp() if isinstance(value, str) else None
    except ValueError:
        return None


def _text(samples: Samples) -> str:
    """The samples, those of one name together, as gauges."""
    names = list(dict.fromkeys(name for name, _, _ in samples))
    lines: list[str] = []
    for name in names:
        if name in _HELP:
            lines.append(f"# HELP {name} {_HELP[name]}")
        lines.append(f"# TYPE {name} gauge")
        for other, labels, value in samples:
            if other == name:
                inside = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels.items())
                lines.append(f"{name}{{{inside}}} {value:.15g}" if inside else f"{name} {value:.15g}")
    return "\n".join(lines) + "\n"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


ROUTES = [Route("/metrics", _metrics)]
