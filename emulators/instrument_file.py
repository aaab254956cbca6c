"""The rig that an instrument file of piccolo3 is about."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from emulators.catalogue import KINDS, kind_of
from emulators.specification import InstrumentSpecification, RigSpecification, ShutterSpecification
from piccolo3.config import ChannelConfig, InstrumentConfig, SpectrometerConfig, load
from piccolo3.errors import ConfigurationError

__all__ = ["rig_of", "specification_of"]

_DRIVERS = {"gpio": "pulse", "level": "level", "spectrometer": "none", "simulated": "hand"}


def rig_of(path: Path, kinds: Mapping[str, str]) -> RigSpecification:
    """What the instrument file at `path` is about, see `specification_of`. Raises ConfigurationError."""
    path = path.resolve()
    found = load(None, {("config",): str(path), ("datadir", "datadir"): str(path.parent)})
    return specification_of(found.instrument, kinds)


def specification_of(instrument: InstrumentConfig, kinds: Mapping[str, str]) -> RigSpecification:
    """All of it that is driven by seabreeze and through pins.

    `kinds` has those of serial numbers that do not tell it by themselves. Raises ConfigurationError.
    """
    real = [config for config in instrument.spectrometers if config.driver == "seabreeze"]
    problems = [
        f"of which kind is {config.serial_number}? Say --kind {config.serial_number}=..., one of {', '.join(KINDS)}"
        for config in real
        if _kind(config, kinds) not in KINDS
    ]
    if problems:
        raise ConfigurationError(problems)
    simulation = instrument.simulation
    return RigSpecification(
        instruments=tuple(
            InstrumentSpecification(
                serial_number=config.serial_number,
                kind=_kind(config, kinds) or "",
                power_switch=config.power_switch,
            )
            for config in real
        ),
        shutters=tuple(_shutter(channel) for channel in instrument.channels),
        seed=1 if simulation.seed is None else simulation.seed,
        sun_elevation=45.0 if simulation.sun_elevation is None else simulation.sun_elevation,
        clouds=simulation.clouds,
    )


def _kind(config: SpectrometerConfig, kinds: Mapping[str, str]) -> str | None:
    return kinds.get(config.serial_number) or kind_of(config.serial_number)


def _shutter(channel: ChannelConfig) -> ShutterSpecification:
    level = channel.driver == "level"
    return ShutterSpecification(
        direction=channel.direction,
        driver=_DRIVERS.get(channel.driver, "hand"),
        opening_pin=channel.open_pin if level else channel.opening_pin,
        closing_pin=channel.close_pin if level else channel.closing_pin,
        inverted=level and channel.reverse,
        travel_time=channel.settling_time if level else channel.pulse_time + channel.settling_time,
    )
