"""Which dark belongs to which light: same spectrometer, channel and integration time."""

from __future__ import annotations

from dataclasses import dataclass

from piccolo3.recording.measurement import Taken
from piccolo3.recording.times import IntegrationTimes

__all__ = ["DarkReference", "Darks"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DarkReference:
    """Where the dark is (or will be when its file is written)."""

    file: str
    sequence: int


class Darks:
    """Remembers the last dark of each spectrometer and channel in a batch."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], tuple[float, DarkReference]] = {}

    def remember(self, dark: Taken, reference: DarkReference) -> None:
        """A dark was taken."""
        self._known[dark.info.serial_number, dark.channel] = (dark.exposure.integration_time, reference)

    def of(self, serial_number: str, channel: str, integration_time: float) -> DarkReference | None:
        """The last dark, of a light or a dark of `integration_time` (ms); None where there is none."""
        time, reference = self._known.get((serial_number, channel), (None, None))
        return reference if time == integration_time else None

    def outdated(self, channel: str, times: IntegrationTimes) -> bool:
        """Whether the integration time of a spectrometer has changed since the dark of the channel was taken."""
        return any(
            times.current_time(serial_number, channel) != time
            for (serial_number, known), (time, _) in self._known.items()
            if known == channel
        )
