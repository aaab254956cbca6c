"""What one option means for others: defaults that depend on others, and mistakes that only several of them make."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from piccolo3.config.check import Node
from piccolo3.config.declaration import where
from piccolo3.config.findings import DEFAULT, Findings, Origin
from piccolo3.config.options import BOARD_PINS
from piccolo3.config.options_spectrometers import MODELS
from piccolo3.config.recipes import check_recipes
from piccolo3.quantities import quantity_of

__all__ = ["apply_rules"]

_SIMULATED_PLACE = (("latitude", 55.92), ("longitude", -3.17))
_PINS_OF: Mapping[str, tuple[str, ...]] = {"level": ("open_pin",), "spectrometer": ()}  # others have both


def apply_rules(instrument: Node, findings: Findings) -> None:
    """Fill in the defaults that depend on others and look for contradictions in the instrument file."""
    channels = list(instrument.children["channels"].children.values())
    spectrometers = list(instrument.children["spectrometers"].children.values())
    for spectrometer in spectrometers:
        _complete_spectrometer(spectrometer, findings)
    all_simulated = all(spectrometer.get("driver", str) == "simulated" for spectrometer in spectrometers)
    for channel in channels:
        _complete_channel(channel, "simulated" if all_simulated else "gpio", findings)
    indicator = instrument.children["indicator"]
    on_pins = any(channel.get("driver", str) in {"gpio", "level"} for channel in channels)
    indicator.resolve("driver", "gpio" if on_pins else "none")
    _check_directions(channels, findings)
    _check_gates(channels, spectrometers, findings)
    _check_pins(_pins(channels, spectrometers, instrument.children["trigger"], indicator), findings)
    _check_calibrations(channels, spectrometers, findings)
    _check_limits(instrument.children["housekeeping"], findings)
    directions = [direction for node in channels if (direction := node.get("direction", str)) is not None]
    known = {node.path[-1]: node for node in spectrometers}
    check_recipes(instrument.children["recipes"], directions, known, findings)
    instrument.children["clock"].resolve("trust", "always" if all_simulated else "synchronised")
    _complete_place(instrument.children["site"], instrument.children["simulation"], findings)


def _origin(node: Node, name: str) -> Origin:
    origin = node.values[name].origin
    return node.origin if origin == DEFAULT else origin


def _complete_spectrometer(node: Node, findings: Findings) -> None:
    simulated = node.path[-1].startswith("dummy_")
    node.resolve("driver", "simulated" if simulated else "seabreeze")
    if node.get("driver", str) == "simulated":
        node.resolve("model", MODELS[0])
    elif node.get("driver", str) == "seabreeze" and (model := node.get("model", str)) is not None:
        text = f"{where(node.path)}: model = {model}: only simulated spectrometers have it; leave it out"
        findings.problem(_origin(node, "model"), text)
    shortest, longest = node.get("min_integration_time", float), node.get("max_integration_time", float)
    if shortest is not None and longest is not None and shortest > longest:
        text = f"{where(node.path)}: min_integration_time = {shortest:g} is above max_integration_time = {longest:g}"
        findings.problem(_origin(node, "min_integration_time"), text)


def _complete_channel(node: Node, driver: str, findings: Findings) -> None:
    node.resolve("driver", driver)
    shutter = node.path[-1]
    board = BOARD_PINS.get(shutter)
    if node.get("driver", str) == "level" and (pin := node.get("open_pin", int)) is not None:
        node.resolve("close_pin", pin)  # there is no other one
    for index, name in enumerate(("open_pin", "close_pin")):
        if board is not None:
            node.resolve(name, board[index])
        elif node.get("driver", str) == "spectrometer":
            continue
        elif node.values[name].value is None and not node.values[name].broken:
            text = f"{where(node.path)}: '{name}' is missing; the board has no {shutter}, so its pins must be given"
            findings.problem(_origin(node, name), text)


def _complete_place(site: Node, simulation: Node, findings: Findings) -> None:
    """One half of a place is none; the simulated sun shines where the rig is."""
    for name, other in (("latitude", "longitude"), ("longitude", "latitude")):
        said = site.get(name, float) is not None
        if said and site.get(other, float) is None and not site.values[other].broken:
            findings.problem(_origin(site, name), f"{where(site.path)}: {name} without {other}")
    for name, otherwise in _SIMULATED_PLACE:
        given = site.get(name, float)
        simulation.resolve(name, otherwise if given is None else given)


def _check_directions(channels: list[Node], findings: Findings) -> None:
    first: dict[str, Node] = {}
    for node in channels:
        direction = node.get("direction", str)
        if direction is None:
            continue
        if (other := first.setdefault(direction, node)) is not node:
            text = f"{where(node.path)}: direction = {direction}: {other.path[-1]} has the same"
            findings.problem(_origin(node, "direction"), text)


def _check_gates(channels: list[Node], spectrometers: list[Node], findings: Findings) -> None:
    """Shutters inside spectrometers: each has one, and it is known which."""
    drivers = {node.path[-1]: node.get("driver", str) for node in spectrometers}
    first: dict[str, Node] = {}
    for node in channels:
        name, inside = node.get("spectrometer", str), node.get("driver", str) == "spectrometer"
        if name is None and inside and not node.values["spectrometer"].broken:
            text = "driver = spectrometer: 'spectrometer' is missing; it must be the serial number of the one with it"
            findings.problem(_origin(node, "driver"), f"{where(node.path)}: {text}")
        if name is None:
            continue
        wrong = None
        if not inside:
            wrong = "it counts only with driver = spectrometer"
        elif name not in drivers:
            wrong = f"there is no such spectrometer (known: {', '.join(drivers)})"
        elif drivers[name] == "simulated":
            wrong = "a simulated spectrometer has no shutter inside"
        elif (other := first.setdefault(name, node)) is not node:
            wrong = f"{other.path[-1]} is the shutter inside it already"
        if wrong is not None:
            findings.problem(_origin(node, "spectrometer"), f"{where(node.path)}: spectrometer = {name}: {wrong}")
        if inside and node.get("reverse", bool):
            text = f"{where(node.path)}: reverse = True: the shutter inside a spectrometer knows no other way"
            findings.problem(_origin(node, "reverse"), text)


def _pins(
    channels: list[Node], spectrometers: list[Node], trigger: Node, indicator: Node
) -> Iterator[tuple[Node, str, int]]:
    for node in channels:
        driver = node.get("driver", str)
        for name in _PINS_OF.get(driver or "", ("open_pin", "close_pin")):
            if (pin := node.get(name, int)) is not None:
                yield node, name, pin
    for node in spectrometers:
        if (pin := node.get("power_switch", int)) is not None:
            yield node, "power_switch", pin
    if trigger.get("driver", str) in {"gpio", "simulated"}:
        for name in ("pin", "reset_pin"):
            if (pin := trigger.get(name, int)) is not None:
                yield trigger, name, pin
    if indicator.get("driver", str) == "gpio" and (pin := indicator.get("pin", int)) is not None:
        yield indicator, "pin", pin


def _check_pins(pins: Iterable[tuple[Node, str, int]], findings: Findings) -> None:
    used: dict[int, tuple[Node, str]] = {}
    for node, name, pin in pins:
        other, other_name = used.setdefault(pin, (node, name))
        if (other, other_name) == (node, name):
            continue
        if node.values[name].origin == DEFAULT:  # complain of what was said, not of a default
            node, name, other, other_name = other, other_name, node, name
        text = f"{where(node.path)}: {name} = {pin}: {other_name} of {where(other.path)} is the same pin"
        findings.problem(_origin(node, name), text)


def _check_calibrations(channels: list[Node], spectrometers: list[Node], findings: Findings) -> None:
    directions = [node.get("direction", str) for node in channels]
    if None in directions or not directions:
        return
    for spectrometer in spectrometers:
        for name, node in spectrometer.children["calibration"].children.items():
            if name not in directions:
                known = ", ".join(direction for direction in directions if direction)
                text = f"{where(node.path)}: no channel has the direction '{name}' (known: {known})"
                findings.problem(node.origin, text)


def _check_limits(housekeeping: Node, findings: Findings) -> None:
    for name, node in housekeeping.children.items():
        warn, alarm = node.get("warn", float), node.get("alarm", float)
        sign = 1 if quantity_of(name).side == "above" else -1
        if warn is not None and alarm is not None and sign * warn > sign * alarm:
            wrong = "above" if sign > 0 else "below"
            text = f"{where(node.path)}: warn = {warn:g} is {wrong} alarm = {alarm:g}: there would never be a warning"
            findings.problem(_origin(node, "warn"), text)
