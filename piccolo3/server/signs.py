"""From what happens to what the status light shows."""

from __future__ import annotations

from collections.abc import Mapping

from piccolo3.devices.indicator import Sign
from piccolo3.events import Broker, Event
from piccolo3.recording import Recorder
from piccolo3.recording.events import BatchEnded, StatusChanged
from piccolo3.status import ShutterStatus, SpectrometerStatus
from piccolo3.workers import IndicatorWorker, ShutterChanged, ShutterWorker, SpectrometerChanged, SpectrometerWorker

__all__ = ["Signs"]

_TROUBLE = frozenset({SpectrometerStatus.NO_WORKER, SpectrometerStatus.DROPPED})


class Signs:
    """Listens to the broker from the beginning to the end of the engine.

    Recording comes first, so that people see that they have to wait. Then what needs attention: a spectrometer that is
    not there, a shutter that can't be moved, a last batch that has lost something.
    """

    def __init__(self, light: IndicatorWorker, broker: Broker) -> None:
        self._light = light
        self._troubled: set[str] = set()
        self._recorder: Recorder | None = None
        self._shutters: Mapping[str, ShutterWorker] = {}
        self._spectrometers: Mapping[str, SpectrometerWorker] = {}
        for kind in (StatusChanged, BatchEnded, ShutterChanged, SpectrometerChanged):
            broker.subscribe(kind, self._happened)
        light.show(Sign.STARTING)

    def ready(
        self,
        recorder: Recorder,
        shutters: Mapping[str, ShutterWorker],
        spectrometers: Mapping[str, SpectrometerWorker],
    ) -> None:
        """Everything has started."""
        self._recorder, self._shutters, self._spectrometers = recorder, shutters, spectrometers
        self._show()

    def stopping(self) -> None:
        """Everything is going to stop."""
        self._recorder = None
        self._light.show(Sign.STOPPING)

    def _happened(self, event: Event) -> None:
        self._show()

    def _show(self) -> None:
        if self._recorder is not None:
            self._light.show(self._sign(self._recorder))

    def _sign(self, recorder: Recorder) -> Sign:
        for name, worker in self._spectrometers.items():
            if worker.status in _TROUBLE:
                self._troubled.add(name)
            elif worker.status is not SpectrometerStatus.CONNECTING:  # whoever tries again is still in trouble
                self._troubled.discard(name)
        if recorder.busy:
            return Sign.RECORDING
        outcome = recorder.outcome
        stuck = any(shutter.status is ShutterStatus.UNAVAILABLE for shutter in self._shutters.values())
        lost = outcome is not None and (outcome.result == "failed" or bool(outcome.lost))
        return Sign.ERROR if self._troubled or stuck or lost else Sign.IDLE
