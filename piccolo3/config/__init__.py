"""Configuration: two ConfigObj files become frozen values; every mistake is told at once, with file and line."""

from __future__ import annotations

from piccolo3.config.load import load, load_server
from piccolo3.config.model import (
    CatalogueConfig,
    ChannelConfig,
    ClockConfig,
    CoapConfig,
    Configuration,
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
    ServerConfig,
    Setting,
    SimulationConfig,
    SiteConfig,
    SpectrometerConfig,
    SpectrometersConfig,
    TriggerConfig,
)
from piccolo3.config.recipes import RecipeConfig
from piccolo3.config.show import show

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
    "RecipeConfig",
    "RecordingConfig",
    "RetentionConfig",
    "ServerConfig",
    "Setting",
    "SimulationConfig",
    "SiteConfig",
    "SpectrometerConfig",
    "SpectrometersConfig",
    "TriggerConfig",
    "load",
    "load_server",
    "show",
]
