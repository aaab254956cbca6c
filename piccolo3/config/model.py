"""The configuration as the rest of the program sees it: frozen values, checked and complete."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from piccolo3.config.recipes import RecipeConfig
from piccolo3.position import Position
from piccolo3.quantities import QUANTITIES, Limits

__all__ = [
    "CatalogueConfig",
    "ChannelConfig",
    "ClockConfig",
    "CoapConfig",
    "Configuration",
    "DaemonConfig",
    "DatadirConfig",
    "GpioConfig",
    "GpsConfig",
    "HousekeepingConfig",
    "IndicatorConfig",
    "InstrumentConfig",
    "LoggingConfig",
    "OutputConfig",
    "QualityConfig",
    "RecordingConfig",
    "RetentionConfig",
    "SchedulerConfig",
    "ServerConfig",
    "Setting",
    "SimulationConfig",
    "SiteConfig",
    "SpectrometerConfig",
    "SpectrometersConfig",
    "TriggerConfig",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggingConfig:
    """What the operator is told; no `logfile` means the standard error output."""

    debug: bool = False
    logfile: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DaemonConfig:
    """Running in the background; no `logfile` means that the standard outputs are thrown away."""

    daemon: bool = False
    pid_file: Path = Path("/var/run/piccolo.pid")
    logfile: Path | None = Path("/var/log/piccolo.err")


@dataclass(frozen=True, slots=True, kw_only=True)
class DatadirConfig:
    """The data directory as it was written, see `ServerConfig.data_dir`; the `reserve` is in MB."""

    datadir: Path = Path("pdata")
    mount: bool = False
    device: str = "/dev/sda1"
    mntpnt: Path = Path("/mnt")
    reserve: float = 100.0
    fallback: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CoapConfig:
    """Where clients reach the daemon."""

    address: str = "::"
    port: int = 5683
    discoverable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerConfig:
    """The server file. Relative paths start from `directory`, the working directory when the file was read."""

    config: Path = Path("piccolo.config")
    logging: LoggingConfig = LoggingConfig()
    daemon: DaemonConfig = DaemonConfig()
    datadir: DatadirConfig = DatadirConfig()
    coap: CoapConfig = CoapConfig()
    directory: Path = field(default_factory=Path.cwd)

    @property
    def data_dir(self) -> Path:
        """The data directory, absolute: on the mounted device with `mount`."""
        base = self.directory / self.datadir.mntpnt if self.datadir.mount else self.directory
        return base / self.datadir.datadir

    @property
    def fallback(self) -> Path | None:
        """The directory for data while the data directory can't be written, absolute."""
        return None if self.datadir.fallback is None else self.directory / self.datadir.fallback

    @property
    def instrument_file(self) -> Path:
        """The instrument file, absolute."""
        return self.data_dir / self.config


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelConfig:
    """One channel. `fibre_diameter` is in µm, times are in ms, pins are BCM numbers as labelled on the board.

    With `reverse` a pulse on `open_pin` closes the shutter: `opening_pin` and `closing_pin` say which pin to pulse.
    The driver "level" uses `open_pin` alone: on is open, with `reverse` closed. With the driver "spectrometer" no pin
    is used, those that were not given are -1, and `spectrometer` is the serial number of the one that the shutter is
    in; else it is None.
    """

    shutter: str
    direction: str
    reverse: bool = False
    fibre_diameter: float = 600.0
    driver: str
    open_pin: int
    close_pin: int
    pulse_time: float = 5.0
    settling_time: float = 10.0
    spectrometer: str | None = None

    @property
    def opening_pin(self) -> int:
        """The pin whose pulse opens the shutter."""
        return self.close_pin if self.reverse else self.open_pin

    @property
    def closing_pin(self) -> int:
        """The pin whose pulse closes the shutter."""
        return self.open_pin if self.reverse else self.close_pin


@dataclass(frozen=True, slots=True, kw_only=True)
class SpectrometerConfig:
    """One spectrometer. Integration times are in ms (None: the limit of the device), the temperature is in degrees C.

    `power_switch` is a BCM number, None without a switch; `model` is the model to simulate, None for a real device;
    `backend` is auto, cseabreeze or pyseabreeze, the part of seabreeze that talks to a real one; `calibration` has
    coefficients (lowest order first, nm) by direction.
    """

    serial_number: str
    driver: str
    model: str | None = None
    backend: str = "auto"
    detector_set_temperature: float = -10.0
    fan: bool = True
    power_switch: int | None = None
    min_integration_time: float | None = None
    max_integration_time: float | None = None
    calibration: Mapping[str, tuple[float, ...]] = field(default_factory=lambda: MappingProxyType({}), hash=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SpectrometersConfig:
    """What counts for all spectrometers; times are in s.

    `isolation` is process or thread: where the driver of a real one runs. With `require_settled` a batch waits up to
    `longest_settling` for the coolers.
    """

    isolation: str = "process"
    power_delay: float = 10.0
    power_cycle_interval: float = 300.0
    power_off_time: float = 5.0
    require_settled: bool = False
    longest_settling: float = 900.0


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputConfig:
    """How data files are written."""

    clobber: bool = False
    split: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueConfig:
    """The catalogue; no `url` means a file in the data directory."""

    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionConfig:
    """Which exported files are removed; None means that it does not matter."""

    keep_days: float | None = None
    max_bytes: int | None = None


def _default_limits() -> Mapping[str, Limits]:
    return MappingProxyType({quantity.name: quantity.limits for quantity in QUANTITIES if quantity.side is not None})


@dataclass(frozen=True, slots=True, kw_only=True)
class HousekeepingConfig:
    """Samples every `interval` s, after `keep_days` every `thinned_interval` s; `limits` by name of the quantity."""

    interval: float = 60.0
    keep_days: float | None = 30.0
    thinned_interval: float = 600.0
    limits: Mapping[str, Limits] = field(default_factory=_default_limits, hash=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingConfig:
    """How batches are recorded unless a request says otherwise.

    `mode` is classic, dark_each or deled; `averages` exposures make one spectrum; with `follow` integration times
    follow the light; `queue` sequences may wait for the disk.
    """

    mode: str = "classic"
    averages: int = 1
    follow: bool = False
    queue: int = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityConfig:
    """Where flags begin: `weak` and `dark_drift` in % of saturation, `illumination` in %, `temperature` in K."""

    weak: float = 10.0
    dark_drift: float = 1.0
    illumination: float = 10.0
    temperature: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TriggerConfig:
    """The external trigger. `driver` is none, gpio or simulated, pins are BCM numbers, `debounce` is in ms."""

    driver: str = "none"
    pin: int = 12
    reset_pin: int = 20
    edge: str = "rising"
    debounce: float = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class GpioConfig:
    """The pins. `pin_factory` is auto, the name of a library in gpiozero, or `module:Class`."""

    pin_factory: str = "auto"


@dataclass(frozen=True, slots=True, kw_only=True)
class IndicatorConfig:
    """The light that shows what the daemon does. `driver` is none, gpio or simulated; `pin` is a BCM number."""

    driver: str = "none"
    pin: int | None = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteConfig:
    """Where the rig is; None where that was not said."""

    position: Position | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockConfig:
    """Whether the clock can be relied on: `trust` is synchronised or always."""

    trust: str = "synchronised"


@dataclass(frozen=True, slots=True, kw_only=True)
class GpsConfig:
    """A receiver at gpsd's `host` and `port`, None without one; `max_age` and `tolerance` are in s."""

    host: str | None = None
    port: int = 2947
    max_age: float = 300.0
    set_clock: bool = False
    tolerance: float = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SchedulerConfig:
    """Jobs. What was due longer ago than `grace` (s) is skipped, and what came of each is kept for `keep_runs` days.

    After so many `failures` in a row the operator is told.
    """

    grace: float = 600.0
    failures: int = 3
    keep_runs: float = 1_000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulationConfig:
    """The simulated world, angles in degrees. `seed` None: a new one each time; `sun_elevation` None: by the clock."""

    seed: int | None = 1
    sun_elevation: float | None = 45.0
    latitude: float = 55.92
    longitude: float = -3.17
    clouds: float = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class InstrumentConfig:
    """The instrument file. Channels and spectrometers are in the order of the file."""

    channels: tuple[ChannelConfig, ...]
    spectrometers: tuple[SpectrometerConfig, ...]
    all_spectrometers: SpectrometersConfig = SpectrometersConfig()
    output: OutputConfig = OutputConfig()
    catalogue: CatalogueConfig = CatalogueConfig()
    retention: RetentionConfig = RetentionConfig()
    housekeeping: HousekeepingConfig = HousekeepingConfig()
    recording: RecordingConfig = RecordingConfig()
    recipes: Mapping[str, RecipeConfig] = field(default_factory=lambda: MappingProxyType({}), hash=False)
    quality: QualityConfig = QualityConfig()
    trigger: TriggerConfig = TriggerConfig()
    gpio: GpioConfig = GpioConfig()
    indicator: IndicatorConfig = IndicatorConfig()
    site: SiteConfig = SiteConfig()
    clock: ClockConfig = ClockConfig()
    gps: GpsConfig = GpsConfig()
    scheduler: SchedulerConfig = SchedulerConfig()
    simulation: SimulationConfig = SimulationConfig()


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One value in force as it is written in a file, and its origin: a file and line, "default" or "command line"."""

    origin: str
    section: tuple[str, ...]
    key: str
    value: str | tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """Both files, what to warn the operator of, and the origin of every value."""

    server: ServerConfig
    instrument: InstrumentConfig
    warnings: tuple[str, ...] = ()
    settings: tuple[Setting, ...] = ()
