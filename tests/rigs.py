"""A simulated rig with the real server, in a thread of the test."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from piccolo3 import config
from piccolo3.client import Piccolo
from piccolo3.clock import SystemClock
from piccolo3.server.application import Application
from piccolo3.status import SpectrometerStatus
from soak.ports import free_port

__all__ = ["instrument", "serving"]

TWO = ("dummy_FLM:FLAME-S", "dummy_STS:STS-VIS")


def instrument(spectrometers: Sequence[str] = TWO, channels: Sequence[str] = ("downwelling", "upwelling")) -> str:
    """The text of an instrument file; spectrometers are `serial:model`."""
    lines = ["[channels]"]
    for number, channel in enumerate(channels, 1):
        lines += [f"  [[shutter_{number}]]", f"    direction = {channel}"]
        if number > 3:  # the board has three connectors
            lines += ["    open_pin = 5", "    close_pin = 6"]
    lines.append("[spectrometers]")
    for spectrometer in spectrometers:
        serial, model = spectrometer.split(":")
        lines += [f"  [[{serial}]]", f"    model = {model}"]
    return "\n".join([*lines, "[simulation]", "  seed = 1", "  sun_elevation = 45", ""])


async def _ready(url: str) -> None:
    async with Piccolo(url) as rig:
        for one in await rig.spectrometers.all():
            await one.status.wait_for(SpectrometerStatus.IDLE, 20)
        async for check in rig.observe("data_dir/check"):  # it opens files
            if isinstance(check, dict) and check["state"] in ("complete", "failed"):
                break


@contextmanager
def serving(directory: Path, text: str | None = None, *, port: int = 0, address: str = "::1") -> Iterator[str]:
    """Run the server with this instrument file until the end of the context; its URL."""
    directory.mkdir(exist_ok=True)
    (directory / "piccolo.config").write_text(instrument() if text is None else text)
    port = port or free_port()
    overrides: dict[tuple[str, ...], object] = {
        ("datadir", "datadir"): str(directory),
        ("coap", "address"): address,
        ("coap", "port"): port,
    }
    url = f"coap://[{address}]:{port}" if ":" in address else f"coap://{address}:{port}"
    loop, end, ready = asyncio.new_event_loop(), asyncio.Event(), threading.Event()
    problems: list[BaseException] = []

    async def serve() -> None:
        async with Application(config.load(None, overrides), SystemClock()):
            await _ready(url)
            ready.set()
            await end.wait()

    def run() -> None:
        os.environ["AIOCOAP_REUSE_PORT"] = "0"
        try:
            with asyncio.Runner(loop_factory=lambda: loop) as runner:
                runner.run(serve())
        except BaseException as problem:  # noqa: BLE001 - goes to the test
            problems.append(problem)
            ready.set()

    thread = threading.Thread(target=run, name="simulated rig")
    thread.start()
    try:
        ready.wait(30)
        if problems:
            raise problems[0]
        yield url
    finally:
        if not loop.is_closed():
            loop.call_soon_threadsafe(end.set)
        thread.join(20)
