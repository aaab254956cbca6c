"""From the end of an exposure to the curve that a person sees, by the clock of this computer."""

from __future__ import annotations

import json
import os
import statistics
from collections.abc import Iterable
from contextlib import AsyncExitStack
from typing import cast

from benchmarks import servers
from benchmarks.daemon import record, set_times
from benchmarks.result import Result
from benchmarks.web import chromium
from benchmarks.web.server import RIG, front_end
from benchmarks.web.stream import LIVE, Reader, reading
from piccolo3.client import Piccolo

__all__ = ["curves"]

SEQUENCES = 100
DELAY = 0.75  # s; about one sequence in a second
BROWSERS = 10
MANY = 8.0  # how much later many browsers of one computer may be than one
_SPECTRA = 4  # lights of a sequence: two spectrometers, two channels

Sequence = tuple[int, int]  # number of the batch and of the sequence
Seen = tuple[int, int, str, float]  # the same, the spectrum of it, and when (s since 1970)

# Spectra that the page was told of are drawn with the next strokes on a canvas; they can be seen when the task that
# follows them runs, for a page paints before that.
WATCH = """
const told = [];
window.drawn = [];
const listen = EventSource.prototype.addEventListener;
EventSource.prototype.addEventListener = function (name, handle, ...more) {
  listen.call(this, name, name !== "spectrum" ? handle : (event) => {
    const { dark, batch, sequence, serial, direction } = JSON.parse(event.data);
    if (!dark) told.push([batch, sequence, `${serial} ${direction}`]);
    handle(event);
  }, ...more);
};
const stroke = CanvasRenderingContext2D.prototype.stroke;
CanvasRenderingContext2D.prototype.stroke = function (...path) {
  stroke.apply(this, path);
  const these = told.splice(0);
  if (these.length) setTimeout(() => {
    const now = (performance.timeOrigin + performance.now()) / 1000;
    window.drawn.push(...these.map((one) => [...one, now]));
  });
};
"""


async def curves() -> list[Result]:
    """From the end of the last exposure of a sequence until all its curves are drawn, with 1 and with 10 browsers."""
    names = [f"curve in {number} browser{'s' if number > 1 else ''}" for number in (1, BROWSERS)]
    if not chromium.is_there():
        return [chromium.left_out(name) for name in names]
    streamed, one = await _measured(1)
    _, many = await _measured(BROWSERS)
    first = statistics.median(one)
    reference = f"event stream, no browser: {_text(streamed)}"
    results = [Result(names[0], _text(one), first / statistics.median(streamed), reference)]
    missed = 1 - len(many) / (BROWSERS * SEQUENCES)
    ratio = statistics.median(many) / first
    results.append(
        Result(
            names[1],
            f"{_text(many)}" + (f", {missed * 100:.1f} % left out" if missed else ""),
            ratio,
            f"one browser; all share {os.cpu_count()} cores with the rig",
            f"<= {MANY:g}",
            met=ratio <= MANY and not missed,
        )
    )
    return results


def _text(late: list[float]) -> str:
    percentile = statistics.quantiles(late, n=100)[98]
    return f"median {statistics.median(late) * 1000:.0f}, 99 % {percentile * 1000:.0f} ms"


async def _measured(browsers: int) -> tuple[list[float], list[float]]:
    """How late each sequence was, s: in a bare reader of the stream, and in the browsers."""
    hosts = [f"browser{number}.test" for number in range(browsers)]
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(servers.daemon())
        rig = await stack.enter_async_context(Piccolo(server.url))
        front = await stack.enter_async_context(front_end(server.url, hosts))
        await set_times(rig, 100.0)
        await record(rig, 1)
        browser = await stack.enter_async_context(chromium.browser())
        windows = []
        for host in hosts:
            window = await browser.window(WATCH)
            await browser.open(f"http://{host}:{front.port}{RIG}/live", window)
            await browser.until("return window.drawn.length", window)
            windows.append(window)
        reader = await stack.enter_async_context(reading(front.port, LIVE))
        await record(rig, SEQUENCES, DELAY)
        ends = await _ends(rig)
        last = max(ends)
        drawn = []
        for window in windows:
            await browser.until(
                f"return window.drawn.some((one) => one[0] === {last[0]} && one[1] === {last[1]})", window
            )
            drawn.append(cast("list[Seen]", await browser.run("return window.drawn", window)))
    late = [second for found in drawn for second in _late(ends, found)]
    return _late(ends, _streamed(reader)), late


async def _ends(rig: Piccolo) -> dict[Sequence, float]:
    """When the last exposure of each sequence ended."""
    ends: dict[Sequence, float] = {}
    async for found in rig.data_dir.query(run="bench", dark=False):
        if found.end is not None and found.batch > 0:  # not the first one, from before anybody looked
            place = found.batch, found.sequence
            ends[place] = max(ends.get(place, 0.0), found.end.timestamp())
    return ends


def _streamed(reader: Reader) -> Iterable[Seen]:
    for moment, name, data in reader.events:
        if name == "spectrum" and not (found := json.loads(data))["dark"]:
            yield found["batch"], found["sequence"], f"{found['serial']} {found['direction']}", moment


def _late(ends: dict[Sequence, float], found: Iterable[Seen]) -> list[float]:
    """How late the last curve of each sequence was; nothing for those of which not all were there."""
    moments: dict[Sequence, dict[str, float]] = {place: {} for place in ends}
    for batch, sequence, spectrum, moment in found:
        if (batch, sequence) in moments:
            moments[batch, sequence].setdefault(spectrum, moment)
    return [max(all_.values()) - ends[place] for place, all_ in moments.items() if len(all_) == _SPECTRA]
