"""From checked sections to the frozen values of the model."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from piccolo3.config.check import Node
from piccolo3.config.model import (
    CatalogueConfig,
    ChannelConfig,
    ClockConfig,
    CoapConfig,
    DaemonConfig,
    DatadirConfig,
    GpioConfig,
    GpsConfig,
    HousekeepingConfig,
    IndicatorConfig,
    InstrumentConfig,
    LoggingConfig,
    OutputConfig,
    QualityConfig,
    RecordingConfig,
    RetentionConfig,
    SchedulerConfig,
    ServerConfig,
    Setting,
    SimulationConfig,
    SiteConfig,
    SpectrometerConfig,
    SpectrometersConfig,
    TriggerConfig,
)
from piccolo3.config.recipes import build_recipes
from piccolo3.position import Position
from piccolo3.quantities import Limits

__all__ = ["build_datadir", "build_instrument", "build_server", "path_of", "settings_of"]


def path_of(node: Node, name: str) -> Path:
    """The value of an option as a path."""
    return Path(node.take(name, str))


def _file(node: Node, name: str, directory: Path) -> Path | None:
    text = node.get(name, str)
    return None if text is None else directory / text


def build_datadir(node: Node) -> DatadirConfig:
    """The section [datadir]."""
    return DatadirConfig(
        datadir=path_of(node, "datadir"),
        mount=node.take("mount", bool),
        device=str(node.values["device"].value),
        mntpnt=path_of(node, "mntpnt"),
        reserve=node.take("reserve", float),
        fallback=None if (fallback := node.get("fallback", str)) is None else Path(fallback),
    )


def build_server(node: Node, directory: Path) -> ServerConfig:
    """The server file; files of logs and processes are made absolute, since a daemon leaves its directory."""
    logging, daemon = node.children["logging"], node.children["daemon"]
    datadir, coap = node.children["datadir"], node.children["coap"]
    return ServerConfig(
        config=path_of(node, "config"),
        logging=LoggingConfig(debug=logging.take("debug", bool), logfile=_file(logging, "logfile", directory)),
        daemon=DaemonConfig(
            daemon=daemon.take("daemon", bool),
            pid_file=directory / daemon.take("pid_file", str),
            logfile=_file(daemon, "logfile", directory),
        ),
        datadir=build_datadir(datadir),
        coap=CoapConfig(
            address=coap.take("address", str),
            port=coap.take("port", int),
            discoverable=coap.take("discoverable", bool),
        ),
        directory=directory,
    )


def _channel(node: Node) -> ChannelConfig:
    return ChannelConfig(
        shutter=node.path[-1],
        direction=node.take("direction", str),
        reverse=node.take("reverse", bool),
        fibre_diameter=node.take("fibreDiameter", float),
        driver=node.take("driver", str),
        open_pin=_pin(node, "open_pin"),
        close_pin=_pin(node, "close_pin"),
        pulse_time=node.take("pulse_time", float),
        settling_time=node.take("settling_time", float),
        spectrometer=node.get("spectrometer", str),
    )


def _pin(node: Node, name: str) -> int:
    pin = node.get(name, int)
    return -1 if pin is None else pin  # only where no pin is needed; the rules have seen to that


def _spectrometer(node: Node) -> SpectrometerConfig:
    calibration = {
        direction: tuple(float(number) for number in child.take("wavelengthCalibrationCoefficientsPiccolo", tuple))
        for direction, child in node.children["calibration"].children.items()
    }
    return SpectrometerConfig(
        serial_number=node.path[-1],
        driver=node.take("driver", str),
        model=node.get("model", str),
        backend=node.take("backend", str),
        detector_set_temperature=node.take("detectorSetTemperature", float),
        fan=node.take("fan", bool),
        power_switch=node.get("power_switch", int),
        min_integration_time=node.get("min_integration_time", float),
        max_integration_time=node.get("max_integration_time", float),
        calibration=MappingProxyType(calibration),
    )


def _all_spectrometers(node: Node) -> SpectrometersConfig:
    return SpectrometersConfig(
        isolation=node.take("isolation", str),
        power_delay=node.take("power_delay", float),
        power_cycle_interval=node.take("power_cycle_interval", float),
        power_off_time=node.take("power_off_time", float),
        require_settled=node.take("require_settled", bool),
        longest_settling=node.take("longest_settling", float),
    )


def _retention(node: Node) -> RetentionConfig:
    return RetentionConfig(keep_days=node.get("keep_days", float), max_bytes=node.get("max_bytes", int))


def _housekeeping(node: Node) -> HousekeepingConfig:
    limits = {
        name: Limits(warn=child.get("warn", float), alarm=child.get("alarm", float))
        for name, child in node.children.items()
    }
    return HousekeepingConfig(
        interval=node.take("interval", float),
        keep_days=node.get("keep_days", float),
        thinned_interval=node.take("thinned_interval", float),
        limits=MappingProxyType(limits),
    )


def _recording(node: Node) -> RecordingConfig:
    return RecordingConfig(
        mode=node.take("mode", str),
        averages=node.take("averages", int),
        follow=node.take("follow", bool),
        queue=node.take("queue", int),
    )


def _quality(node: Node) -> QualityConfig:
    return QualityConfig(
        weak=node.take("weak", float),
        dark_drift=node.take("dark_drift", float),
        illumination=node.take("illumination", float),
        temperature=node.take("temperature", float),
    )


def _trigger(node: Node) -> TriggerConfig:
    return TriggerConfig(
        driver=node.take("driver", str),
        pin=node.take("pin", int),
        reset_pin=node.take("reset_pin", int),
        edge=node.take("edge", str),
        debounce=node.take("debounce", float),
    )


def _site(node: Node) -> SiteConfig:
    latitude, longitude = node.get("latitude", float), node.get("longitude", float)
    if latitude is None or longitude is None:
        return SiteConfig()
    position = Position(latitude=latitude, longitude=longitude, altitude=node.get("altitude", float))
    return SiteConfig(position=position)


def _scheduler(node: Node) -> SchedulerConfig:
    return SchedulerConfig(
        grace=node.take("grace", float),
        failures=node.take("failures", int),
        keep_runs=node.take("keep_runs", float),
    )


def _gps(node: Node) -> GpsConfig:
    common = GpsConfig(
        max_age=node.take("max_age", float),
        set_clock=node.take("set_clock", bool),
        tolerance=node.take("tolerance", float),
    )
    address = node.get("gpsd", str)
    if address is None:
        return common
    host, colon, port = address.rpartition(":") if re.search(r":[0-9]+$", address) else (address, "", "")
    return replace(common, host=host.strip("[]"), port=int(port) if colon else common.port)


def build_instrument(node: Node) -> InstrumentConfig:
    """The instrument file."""
    output, simulation = node.children["output"], node.children["simulation"]
    spectrometers = node.children["spectrometers"]
    return InstrumentConfig(
        channels=tuple(_channel(child) for child in node.children["channels"].children.values()),
        spectrometers=tuple(_spectrometer(child) for child in spectrometers.children.values()),
        all_spectrometers=_all_spectrometers(spectrometers),
        output=OutputConfig(clobber=output.take("clobber", bool), split=output.take("split", bool)),
        catalogue=CatalogueConfig(url=node.children["catalogue"].get("url", str)),
        retention=_retention(node.children["retention"]),
        housekeeping=_housekeeping(node.children["housekeeping"]),
        recording=_recording(node.children["recording"]),
        recipes=build_recipes(node.children["recipes"]),
        quality=_quality(node.children["quality"]),
        trigger=_trigger(node.children["trigger"]),
        gpio=GpioConfig(pin_factory=node.children["gpio"].take("pin_factory", str)),
        indicator=IndicatorConfig(
            driver=node.children["indicator"].take("driver", str), pin=node.children["indicator"].get("pin", int)
        ),
        site=_site(node.children["site"]),
        clock=ClockConfig(trust=node.children["clock"].take("trust", str)),
        gps=_gps(node.children["gps"]),
        scheduler=_scheduler(node.children["scheduler"]),
        simulation=SimulationConfig(
            seed=simulation.get("seed", int),
            sun_elevation=simulation.get("sun_elevation", float),
            latitude=simulation.take("latitude", float),
            longitude=simulation.take("longitude", float),
            clouds=simulation.take("clouds", float),
        ),
    )


def settings_of(root: Node) -> tuple[Setting, ...]:
    """Every value in force with its origin, section by section."""
    settings = []
    for node in root.walk():
        for option in node.section.options:
            checked = node.values[option.name]
            text = option.kind.render(checked.value)
            value = text if isinstance(text, str) else tuple(text)
            settings.append(Setting(origin=str(checked.origin), section=node.path, key=option.name, value=value))
    return tuple(settings)
