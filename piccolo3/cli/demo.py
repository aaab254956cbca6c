"""`piccolo3-demo`, which `make demo` runs: a server with a simulated rig, a batch, a table and a plot."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.markup import escape

from piccolo3.cli import figure, logs
from piccolo3.cli.child import Server, ServerFailed, WebPages, derive_server_file, port_is_taken
from piccolo3.cli.demo_options import Options, parse
from piccolo3.cli.follow import follow, summary
from piccolo3.cli.plot import Curve, draw
from piccolo3.cli.recorded import Measured, RecordedFile, fetch, measured
from piccolo3.cli.table import milliseconds, rows
from piccolo3.client import Piccolo, Spectrometer
from piccolo3.errors import PiccoloError
from piccolo3.status import SpectrometerStatus, SpectrumKind

__all__ = ["main"]

RUN = "demo"
SEQUENCES = 3
_READY = 60.0  # s until all spectrometers have to be connected


def main(argv: Sequence[str] | None = None) -> int:
    """Run; return the exit status."""
    options = parse(argv)
    logs.setup(debug=False)
    console = Console(highlight=False)
    try:
        asyncio.run(_run(options, console))
    except PiccoloError as problem:
        sys.stderr.write(f"piccolo3-demo: {problem}\n")
        return 1
    except OSError as problem:
        sys.stderr.write(f"piccolo3-demo: {problem}\n")
        return 1
    except (KeyboardInterrupt, asyncio.CancelledError):
        console.print("\nstopped")
        return 0 if not options.once else 130
    return 0


async def _run(options: Options, console: Console) -> None:
    task = asyncio.current_task()
    if task is not None:
        for number in (signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    server_file = _prepare(options)
    async with (
        Server(options.server, server_file, options.data_dir, options.port) as server,
        contextlib.AsyncExitStack() as beside,
    ):
        _say(console, "server", f"listening at {server.url}, logging to {server.log_file}")
        if not options.once:
            await _show_pages(server.url, options, beside, console)
        try:
            async with Piccolo(server.url) as rig:
                await _wait_until_ready(rig, console)
                files, run, batch = await _record(rig, console)
        except PiccoloError:
            server.check()  # if the server is gone, that is the reason to tell
            raise
        _show(files, run, batch, options, console)
        if not options.once:
            _say_how_to_go_on(options.port, run, console)
            await server.wait()
    _say(console, "server", "stopped")


def _say(console: Console, label: str, text: str) -> None:
    console.print(f"[bold]{label:<10}[/] {escape(text)}", soft_wrap=True)


def _prepare(options: Options) -> Path:
    """Check what can be checked before anything is started; make the data directory and the server file."""
    for path in (options.server_file, options.instrument_file):
        if not path.is_file():
            raise ServerFailed(f"there is no file {path}: run this in a checkout of the project, best by `make demo`")
    if port_is_taken(options.port):
        raise ServerFailed(
            f"port {options.port} is taken, perhaps by a piccolo3 server that is running already; "
            f"use another one, for example: make demo PORT={_another(options.port)}"
        )
    options.data_dir.mkdir(parents=True, exist_ok=True)
    server_file = options.data_dir / "demo.cfg"
    server_file.write_text(derive_server_file(options.server_file.read_text(), options.instrument_file))
    return server_file


def _another(port: int) -> int:
    return next((other for other in range(port + 10, min(port + 200, 65536), 10) if not port_is_taken(other)), 15683)


async def _show_pages(rig: str, options: Options, beside: contextlib.AsyncExitStack, console: Console) -> None:
    """Start the web front end if that can be; all else goes on without it."""
    if importlib.util.find_spec("starlette") is None:
        _say(console, "pages", "none: the web front end is not installed (pip install 'piccolo3[web]')")
        return
    if port_is_taken(options.web_port):
        _say(
            console,
            "pages",
            f"none: port {options.web_port} is taken; use another one, for example: make demo WEB=8081",
        )
        return
    try:
        pages = await beside.enter_async_context(WebPages(options.web, rig, options.data_dir, options.web_port))
    except ServerFailed as problem:
        _say(console, "pages", f"none: {problem}")
        return
    _say(console, "pages", f"{pages.url} in a browser on this computer")


async def _wait_until_ready(rig: Piccolo, console: Console) -> None:
    spectrometers = await rig.spectrometers.all()

    async def ready(spectrometer: Spectrometer) -> None:
        async with rig.observe(("spectrometer", spectrometer.name, "status")) as states:
            async for state in states:
                if state == SpectrometerStatus.IDLE:
                    return

    try:
        async with asyncio.timeout(_READY):
            await asyncio.gather(*(ready(spectrometer) for spectrometer in spectrometers))
    except TimeoutError:
        states = [f"{one.name} is {(await one.status()).name}" for one in spectrometers]
        raise ServerFailed(f"the rig is not ready after {_READY:g} s: {', '.join(states)}") from None
    _say(console, "rig", f"{', '.join(one.name for one in spectrometers)}: ready")


async def _record(rig: Piccolo, console: Console) -> tuple[tuple[RecordedFile, ...], str, int]:
    """Integrate automatically, record a batch; return its files, run and number."""
    outcome = await follow(rig, rig.control.auto, console, "integrate", None)
    if not outcome.complete:
        raise PiccoloError(summary(outcome))

    async def start() -> None:
        await rig.control.record_sequence(RUN, sequences=SEQUENCES, auto=-1, delay=0.0)

    outcome = await follow(rig, start, console, "record", None)
    if not outcome.complete:
        raise PiccoloError(summary(outcome))
    for loss in outcome.lost:
        _say(console, "lost", loss)
    run = outcome.run or RUN
    batch = await rig.data_dir.run(run).current_batch() if outcome.batch is None else outcome.batch
    files = await fetch(rig, run, batch)
    if not files:
        raise PiccoloError(f"batch {batch} of run {run} has no files")
    return files, run, batch


def _show(files: Sequence[RecordedFile], run: str, batch: int, options: Options, console: Console) -> None:
    console.print(
        f"\nintegration time in ms, peak as % of saturation:\n\n{_table(files)}", markup=False, soft_wrap=True
    )
    spectrometers = measured(files)
    if console.is_terminal:
        for serial_number, channels in spectrometers.items():
            console.print(_drawing(serial_number, channels, min(console.width, 100)))
    _say(console, "files", f"{len(files)} in {options.data_dir / run}, light and dark")
    if importlib.util.find_spec("matplotlib") is None:
        _say(console, "plot", "none: matplotlib is not installed (pip install 'piccolo3[plot]')")
        return
    path = options.data_dir / f"{run}_b{batch:06d}.png"
    figure.save(path, f"Run {run}, batch {batch}: a simulated canopy under the sun", spectrometers)
    _say(console, "plot", str(path))


def _table(files: Sequence[RecordedFile]) -> str:
    body = [
        [
            spectrum.serial_number,
            spectrum.direction,
            milliseconds(spectrum.integration_time),
            f"{spectrum.peak_percent:.1f}",
            file.name,
        ]
        for file in files
        for spectrum in file.spectra.of_kind(SpectrumKind.LIGHT).spectra
    ]
    return rows(["spectrometer", "direction", "ms", "peak %", "file"], body, left=(0, 1, 4))


def _drawing(serial_number: str, channels: Mapping[str, Measured], width: int) -> object:
    styles = {"downwelling": "blue", "upwelling": "green"}
    curves = [
        Curve(direction, styles.get(direction, "magenta"), one.wavelengths, one.counts)
        for direction, one in channels.items()
    ]
    top = max(float(np.max(curve.y)) for curve in curves)
    return draw(f"{serial_number}, light minus dark in counts", curves, top, width)


def _say_how_to_go_on(port: int, run: str, console: Console) -> None:
    url = "coap://localhost" if port == 5683 else f"coap://localhost:{port}"
    option = "" if port == 5683 else f" -u {url}"
    tool = ".venv/bin/piccolo3-record"
    console.print(
        f"""
[bold]The server stays up.[/] Talk to it in the browser, or from another terminal:

  {tool}{option} -l                        list the spectrometers
  {tool}{option} -r {run} -a 0 -n 5           integrate, then record 5 sequences
  coap-client-notls -m get {url}/control/status
  coap-client-notls -m put -e '[[], {{"run": "{run}", "nsequence": 2}}]' {url}/control/record_sequence
  coap-client-notls -s 60 -m get {url}/control/progress

coap-client comes with Debian's package libcoap3-bin; coap.md describes everything that can be asked for.

Ctrl-C stops the server.""",
        soft_wrap=True,
    )


if __name__ == "__main__":
    sys.exit(main())
