"""The configuration as it is kept with what was recorded."""

from __future__ import annotations

import re

from piccolo3.config import Configuration, show

__all__ = ["kept_settings", "kept_text", "without_passwords"]

_IN_ADDRESS = re.compile(r"(://[^:/?#\s@]*:)[^\s]*(@)")
_IN_QUERY = re.compile(r"([?&](?:\w*pass\w*|\w*secret\w*|\w*token\w*)=)[^&\s\"'#]*", re.IGNORECASE)


def kept_text(configuration: Configuration) -> str:
    """All of it, with where each value comes from, without passwords."""
    return without_passwords(show(configuration))


def kept_settings(configuration: Configuration) -> list[list[str]]:
    """The same as rows of section, key, value and origin."""
    return [
        [
            ".".join(setting.section),
            setting.key,
            without_passwords(setting.value if isinstance(setting.value, str) else ", ".join(setting.value)),
            setting.origin,
        ]
        for setting in configuration.settings
    ]


def without_passwords(text: str) -> str:
    """The text with stars in place of passwords of addresses like `postgresql://user:password@host/name`."""
    return _IN_QUERY.sub(r"\1***", _IN_ADDRESS.sub(r"\1***\2", text))
