"""The instrument as declared resources: typed values and commands with unit, limits and text; ignorant of CoAP."""

from __future__ import annotations

from piccolo3.components.arguments import Argument
from piccolo3.components.component import Component, Group
from piccolo3.components.control import Control
from piccolo3.components.data_dir import DataDirectoryResources
from piccolo3.components.declaration import command, lookup, value
from piccolo3.components.describe import describe
from piccolo3.components.resource import Kind, Resource, resolve, walk
from piccolo3.components.shutter import Shutters
from piccolo3.components.spectrometer import Spectrometers
from piccolo3.components.sysinfo import SystemInformation

__all__ = [
    "Argument",
    "Component",
    "Control",
    "DataDirectoryResources",
    "Group",
    "Kind",
    "Resource",
    "Shutters",
    "Spectrometers",
    "SystemInformation",
    "command",
    "describe",
    "lookup",
    "resolve",
    "value",
    "walk",
]
