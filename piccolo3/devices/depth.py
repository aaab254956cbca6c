"""How many finished exposures wait in a spectrometer of which nobody says it: seen from how soon it answers."""

from __future__ import annotations

import logging
from dataclasses import replace

from piccolo3.clock import Clock
from piccolo3.devices.interface import Spectrometer, SpectrometerInfo, TimeChange

__all__ = ["with_measured_depth"]

_DEEPEST = 16  # finished exposures, for which the buffer is given time
_SHORTEST = 20.0  # ms, so that a host that is held up does not count as an exposure
_TRANSFERS = 3.0  # an exposure takes so many read-outs, so that the buffer can be emptied
_ROUNDS = 2
_MOST = 3 * _DEEPEST  # reads until the buffer has to be empty
_PATIENCE = 20.0  # s, for an exposure that was under way when the device was opened
_logger = logging.getLogger(__name__)


def with_measured_depth(spectrometer: Spectrometer, info: SpectrometerInfo, clock: Clock) -> SpectrometerInfo:
    """`info` with the depth of the buffer as it was measured, if it is not certain and can be.

    The device is left alone until its buffer must be full, and read until it is empty. What waits is handed out at
    once, an exposure under way is not. Some are finished meanwhile, so what is counted may be too many, and is too few
    only if the host is held up four times at the wrong moments. Raises what the device raises.
    """
    freshness = info.freshness
    if freshness.is_certain or freshness.on_change is TimeChange.ON_DEMAND:
        return info
    milliseconds = max(info.min_integration_time, _SHORTEST, _TRANSFERS * freshness.read_out_time)
    seconds = info.possible_integration_time(milliseconds) / 1000
    spectrometer.set_integration_time(seconds * 1000)
    sleeper = clock.sleeper()
    counted = [_emptied(spectrometer, clock, seconds)]
    for _ in range(_ROUNDS):
        sleeper.sleep((_DEEPEST + 2) * seconds)
        counted.append(_emptied(spectrometer, clock, seconds))
    found = [count for count in counted[1:] if count is not None]
    if len(found) < _ROUNDS or max(found) > _DEEPEST + _DEEPEST // 2:
        _logger.warning("how many exposures %s buffers can't be measured: %s", info.serial_number, counted)
        return info
    depth = min(max(1, *found), _DEEPEST)
    _logger.info("%s buffers up to %d exposures", info.serial_number, depth)
    return replace(info, freshness=replace(freshness, buffer_depth=depth))


def _emptied(spectrometer: Spectrometer, clock: Clock, seconds: float) -> int | None:
    """Read until two in a row had to be waited for; how many had not to. None if that does not happen."""
    reads = waited = 0
    while waited < 2:
        if reads == _MOST:
            return None
        asked = clock.monotonic()
        spectrometer.read(_PATIENCE)
        waited = waited + 1 if clock.monotonic() - asked >= seconds / 2 else 0
        reads += 1
    return reads - 2
