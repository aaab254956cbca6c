"""Printing the configuration that is in force."""

from __future__ import annotations

from collections.abc import Sequence

from configobj import ConfigObj

from piccolo3.config.model import Configuration, Setting
from piccolo3.config.options import SERVER

__all__ = ["show", "show_settings"]

_SERVER_SECTIONS = {(section.name,) for section in SERVER.sections} | {()}


def show(configuration: Configuration) -> str:
    """Every value in ConfigObj syntax with its origin as a comment; reads as the same values again."""
    server = [setting for setting in configuration.settings if setting.section in _SERVER_SECTIONS]
    instrument = [setting for setting in configuration.settings if setting.section not in _SERVER_SECTIONS]
    return f"# server\n{_written(server)}\n# instrument: {configuration.server.instrument_file}\n{_written(instrument)}"


def show_settings(settings: Sequence[Setting]) -> str:
    """The same for the values of one file."""
    return _written(settings)


def _written(settings: Sequence[Setting]) -> str:
    file = ConfigObj(interpolation=False, indent_type="  ")
    for setting in settings:
        section = file
        for name in setting.section:
            section = section.setdefault(name, {})
        section[setting.key] = setting.value if isinstance(setting.value, str) else list(setting.value)
        section.inline_comments[setting.key] = f"# {setting.origin}"
    return "".join(f"{line}\n" for line in file.write())
