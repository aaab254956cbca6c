"""Configuration: two ConfigObj files become frozen values; every mistake is told at once, with file and line."""

from __future__ import annotations

from piccolo3.config.load import load, load_server
from piccolo3.config.model import (
    CatalogueConfig,
    ChannelConfig,
    CoapConfig,
    Configuration,
    DaemonConfig,
    DatadirConfig,
    GpioConfig,
    HousekeepingConfig,
    IndicatorConfig,
    InstrumentConfig,
    LoggingConfig,
    OutputConfig,
    QualityConfig,
    RecordingConfig,
    RetentionConfig,
    ServerConfig,
    Setting,
    SimulationConfig,
    SpectrometerConfig,
    SpectrometersConfig,
    TriggerConfig,
)
from piccolo3.config.show import show

__all__ = [
    "CatalogueConfig",
    "ChannelConfig",
    "CoapConfig",
    "Configuration",
    "DaemonConfig",
    "DatadirConfig",
    "GpioConfig",
    "HousekeepingConfig",
    "IndicatorConfig",
    "InstrumentConfig",
    "LoggingConfig",
    "OutputConfig",
    "QualityConfig",
    "RecordingConfig",
    "RetentionConfig",
    "ServerConfig",
    "Setting",
    "SimulationConfig",
    "SpectrometerConfig",
    "SpectrometersConfig",
    "TriggerConfig",
    "load",
    "load_server",
    "show",
]
