"""`piccolo spectrometer`: list, times, cooler, power."""

from __future__ import annotations

import math
from argparse import Namespace
from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.markup import escape

from piccolo3.cli.front.rigs import Body, chosen, maybe, run_all
from piccolo3.cli.front.status import spectrometer, table
from piccolo3.client import Piccolo, Spectrometer
from piccolo3.errors import InvalidValue, NotFound
from piccolo3.wire import JsonValue

__all__ = ["run"]


def run(options: Namespace) -> int:
    """Do it with all rigs."""
    if options.action == "list":
        return run_all(options, _list, _show_list)
    if options.action == "times":
        wanted = _times(options)
        return run_all(options, lambda rig: _set_times(rig, options, wanted), _show_list)
    if options.action == "cooler":
        return run_all(options, lambda rig: _cooler(rig, options), _show_coolers)
    return run_all(options, lambda rig: _power(rig, options), _show_power)


async def _list(rig: Piccolo) -> Body:
    return await _listed(rig, await rig.spectrometers.all())


async def _listed(rig: Piccolo, some: Sequence[Spectrometer]) -> Body:
    channels = await rig.spectrometers.channels()
    return {"channels": list(channels), "spectrometers": [await spectrometer(one, channels) for one in some]}


def _show_list(body: Body, screen: Console) -> None:
    screen.print(table(body))


def _times(options: Namespace) -> dict[str, float]:
    """What is wanted of each channel. InvalidValue where that can't be understood."""
    wanted = {}
    for text in options.times:
        channel, equals, number = text.rpartition("=")
        try:
            time = float(number)
        except ValueError:
            time = math.nan
        if not equals or not channel or not math.isfinite(time):
            raise InvalidValue(f"{text!r} is not CHANNEL=MS, such as upwelling=250")
        wanted[channel] = time
    if (wanted or options.min is not None or options.max is not None) and options.name is None:
        raise InvalidValue("say which spectrometer is meant, or `all`")
    return wanted


async def _set_times(rig: Piccolo, options: Namespace, wanted: Mapping[str, float]) -> Body:
    some = await chosen(rig, options.name)
    channels = await rig.spectrometers.channels()
    unknown = [channel for channel in wanted if channel not in channels]
    if unknown:
        raise NotFound(f"there is no channel {', '.join(unknown)}; the rig has {', '.join(channels)}")
    for one in some:
        await _set_limits(one, options.min, options.max)
        for channel, time in wanted.items():
            await one.current_time[channel].set(time)
    return await _listed(rig, some)


async def _set_limits(one: Spectrometer, low: float | None, high: float | None) -> None:
    """Set both in the order in which the lower one is never above the upper one."""
    if low is not None and high is not None and low > await one.max_time():
        await one.max_time.set(high)
        high = None
    if low is not None:
        await one.min_time.set(low)
    if high is not None:
        await one.max_time.set(high)


async def _cooler(rig: Piccolo, options: Namespace) -> Body:
    change = options.on is not None or options.target is not None
    if change and options.name is None:
        raise InvalidValue("say which spectrometer is meant, or `all`")
    rows: list[JsonValue] = []
    for one in await chosen(rig, options.name):
        has = await maybe(one.has_cooler)
        if (
            has is False
            and options.name not in (None, "all")
            and (options.on is not None or options.target is not None)
        ):
            raise NotFound(f"spectrometer {one.name} has no cooler")
        if has is not False and options.target is not None:
            await one.target_temperature.set(options.target)
        if has is not False and options.on is not None:
            await one.cooler_enabled.set(options.on)
        state = await maybe(one.cooler)
        rows.append({"name": one.name, "has_cooler": has, **dict(state or {})})
    return {"coolers": rows}


def _show_coolers(body: Body, screen: Console) -> None:
    rows = body["coolers"]
    for row in rows if isinstance(rows, list) else ():
        if not isinstance(row, Mapping):
            continue
        name = escape(str(row["name"]))
        if not row["has_cooler"]:
            screen.print(f"{name}: {'no cooler' if row['has_cooler'] is False else 'not known yet'}")
            continue
        temperature = row.get("temperature")
        now = f"{temperature:.1f} °C" if isinstance(temperature, int | float) else "temperature not known"
        state = "on" if row.get("enabled") else "off"
        settled = ", settled" if row.get("settled") else ""
        screen.print(f"{name}: {state}, target {row.get('target')} °C, {now}{settled}")


async def _power(rig: Piccolo, options: Namespace) -> Body:
    rows: list[JsonValue] = []
    for one in await chosen(rig, options.name):
        await (one.power_on() if options.state == "on" else one.power_off())
        rows.append({"name": one.name, "status": (await one.status()).name})
    return {"spectrometers": rows}


def _show_power(body: Body, screen: Console) -> None:
    rows = body["spectrometers"]
    for row in rows if isinstance(rows, list) else ():
        if isinstance(row, Mapping):
            screen.print(f"{escape(str(row['name']))}: {row['status']}")
