"""`spectrometer`: all spectrometers, and one component for each."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping, Sequence

from piccolo3.components.arguments import Argument
from piccolo3.components.component import Component, Group
from piccolo3.components.datatypes import Boolean, Integer, Json, JsonValue, ListOf, Nullable, Number, Text, Truth
from piccolo3.components.declaration import command, value
from piccolo3.errors import Busy, NotFound, PiccoloError
from piccolo3.events import Broker
from piccolo3.recording import IntegrationTimeChanged, IntegrationTimes, Recorder
from piccolo3.status import AutointegrationState, SpectrometerStatus
from piccolo3.wire import MAX_OBSERVABLE
from piccolo3.workers import SpectrometerChanged, SpectrometerGroup, SpectrometerWorker

__all__ = ["Spectrometers"]

_TIME = Number(minimum=0, unit="ms", whole_as_integer=True)
_NEW_TIME = Argument("t", Number(minimum=0, unit="ms", lenient=True))
_CELSIUS = Number(minimum=-100, maximum=100, unit="degrees C")
_RESULT = Text()
_DEAD_BAND = 0.2  # degrees C; less is noise of the sensor


class Spectrometers(Component):
    """All spectrometers."""

    def __init__(
        self,
        spectrometers: SpectrometerGroup,
        times: IntegrationTimes,
        recorder: Recorder,
        broker: Broker,
    ) -> None:
        self._spectrometers = [
            _Spectrometer(spectrometers[serial], times, recorder, broker) for serial in sorted(spectrometers)
        ]
        self._group = spectrometers
        self._recorder = recorder
        super().__init__("spectrometer", title="the spectrometers", children=self._spectrometers)

    @value(ListOf(Text(max_length=64)), title="names of the channels")
    def channels(self) -> Sequence[str]:
        """Return the names, sorted."""
        return self._recorder.channels

    @value(ListOf(Text(max_length=64)), title="names of the spectrometers")
    def spectrometers(self) -> list[str]:
        """Return `S_` and the serial number of each, sorted."""
        return [spectrometer.name for spectrometer in self._spectrometers]

    @command(title="connect to all spectrometers", answer=_RESULT, legacy_get=True)
    async def connect(self) -> str:
        """Connect all; answers ok, or what each refused."""
        return _answer(await self._group.connect())

    @command(title="disconnect from all spectrometers", answer=_RESULT)
    async def disconnect(self) -> str:
        """Disconnect all; answers ok, or what each refused; Busy while a batch is recorded."""
        _not_busy(self._recorder)
        return _answer(await self._group.disconnect())

    @disconnect.legacy(_RESULT)
    async def disconnect_by_get(self) -> str:
        """Do the same, answering also that a batch is recorded."""
        return await _text(self.disconnect())

    @command(title="switch all spectrometers on", answer=_RESULT, legacy_get=True)
    async def power_on(self) -> str:
        """Switch all on; answers ok, or what each refused."""
        return _answer(await self._group.power_on())

    @command(title="switch all spectrometers off", answer=_RESULT)
    async def power_off(self) -> str:
        """Switch all off; answers ok, or what each refused; Busy while a batch is recorded."""
        _not_busy(self._recorder)
        return _answer(await self._group.power_off())

    @power_off.legacy(_RESULT)
    async def power_off_by_get(self) -> str:
        """Do the same, answering also that a batch is recorded."""
        return await _text(self.power_off())


def _answer(refusals: Mapping[str, str]) -> str:
    """Say `ok`, or what each spectrometer refused, as old clients expect it."""
    return "|".join(f"S_{serial}: {message}" for serial, message in refusals.items()) or "ok"


def _not_busy(recorder: Recorder) -> None:
    if recorder.busy:
        raise Busy("piccolo system is busy: abort the batch first")


async def _text(action: Awaitable[str | None]) -> str:
    """Do it, and say `ok` or what was refused, as the old GET forms do."""
    try:
        return await action or "ok"
    except PiccoloError as error:
        return error.message


class _Spectrometer(Component):
    """One spectrometer."""

    def __init__(
        self,
        worker: SpectrometerWorker,
        times: IntegrationTimes,
        recorder: Recorder,
        broker: Broker,
    ) -> None:
        self.serial = worker.serial_number
        self._worker = worker
        self._times = times
        self._recorder = recorder
        self._current = {channel: _CurrentTime(self.serial, channel, times) for channel in recorder.channels}
        self._auto = {channel: _Autointegration(self.serial, channel, times) for channel in recorder.channels}
        self._achieved = {channel: _Achieved(self.serial, channel, times) for channel in recorder.channels}
        children = [
            Group("current_time", self._current.values(), title="integration times in use"),
            Group("autointegration", self._auto.values(), title="results of automatic integration"),
            Group("achieved", self._achieved.values(), title="peaks that automatic integration achieved"),
        ]
        super().__init__(f"S_{self.serial}", title=f"spectrometer {self.serial}", children=children)
        self._told: tuple[object, float | None] = ((), None)  # what those who observe the cooler know
        broker.subscribe(SpectrometerChanged, self._changed)
        broker.subscribe(IntegrationTimeChanged, self._time_changed)

    def _changed(self, event: SpectrometerChanged) -> None:
        if event.serial_number == self.serial:
            self._tell_cooler()
            for name in ("status", "TECenabled", "target_temperature", "min_time", "max_time"):
                self.announce(name)
            for child in self._current.values():
                child.announce("")

    def _tell_cooler(self) -> None:
        """Announce the cooler if it does something else, or the temperature differs by the dead band or more."""
        cooler, told = self._worker.cooler, self._told
        does = (cooler.enabled, cooler.target, cooler.settled, self._worker.have_cooler)
        now = cooler.temperature
        if does == told[0] and (now is None) == (told[1] is None) and abs((now or 0.0) - (told[1] or 0.0)) < _DEAD_BAND:
            return
        self._told = (does, now)
        self.announce("cooler")

    def _time_changed(self, event: IntegrationTimeChanged) -> None:
        if event.serial_number != self.serial:
            return
        if event.what in ("min_time", "max_time"):
            self.announce(event.what)
        elif event.channel is not None:
            for child in (self._current, self._auto, self._achieved):
                child[event.channel].announce("")

    @value(
        Integer(enum=tuple(SpectrometerStatus)),
        title="status",
        text=", ".join(f"{status.value} {status.name}" for status in SpectrometerStatus),
        observable=True,
    )
    def status(self) -> int:
        """Return the status as a number."""
        return self._worker.status

    @value(Nullable(Text()), title="why the spectrometer can't be used (null if it can)")
    def reason(self) -> str | None:
        """Return what went wrong last."""
        return self._worker.reason

    @value(Json("model, firmware, pixels, limits; null until connected"), title="what the spectrometer is")
    def info(self) -> JsonValue:
        """Return what the spectrometer says of itself."""
        info = self._worker.info
        if info is None:
            return None
        return {
            "model": info.model,
            "firmware": info.firmware,
            "pixels": info.pixels,
            "saturation": info.saturation,
            "min_integration_time": info.min_integration_time,
            "max_integration_time": info.max_integration_time,
            "simulated": info.simulated,
            "backend": info.backend,
        }

    @value(_TIME, title="smallest integration time", observable=True)
    def min_time(self) -> float:
        """Return the lower limit, ms."""
        return self._times.min_time(self.serial)

    @min_time.setter(_NEW_TIME)
    async def set_min_time(self, t: float) -> None:
        """Set the lower limit; current times below it move to it."""
        self._times.set_min_time(self.serial, t)

    @value(_TIME, title="largest integration time", observable=True)
    def max_time(self) -> float:
        """Return the upper limit, ms."""
        return self._times.max_time(self.serial)

    @max_time.setter(_NEW_TIME)
    async def set_max_time(self, t: float) -> None:
        """Set the upper limit; current times above it move to it."""
        self._times.set_max_time(self.serial, t)

    @value(Nullable(Boolean()), name="haveTEC", title="whether there is a thermo-electric cooler (null if unknown)")
    def have_tec(self) -> bool | None:
        """Return whether there is one."""
        return self._worker.have_cooler

    @value(Boolean(), name="TECenabled", title="whether the cooler is on", observable=True)
    def tec_enabled(self) -> bool:
        """Return whether it is on."""
        return self._worker.cooler_enabled

    @tec_enabled.setter(Argument("state", Truth()))
    async def set_tec_enabled(self, state: bool) -> None:
        """Switch the cooler."""
        await self._worker.set_cooler(enabled=state)

    @value(
        Number(minimum=-100, maximum=100, unit="degrees C", whole_as_integer=False),
        title="temperature that the cooler aims at",
        observable=True,
    )
    def target_temperature(self) -> float:
        """Return the set point."""
        return self._worker.target_temperature

    @target_temperature.setter(Argument("t", _CELSIUS))
    async def set_target_temperature(self, t: float) -> None:
        """Set the set point."""
        await self._worker.set_cooler(target=t)

    @value(Number(unit="degrees C"), title="temperature of the detector")
    def current_temperature(self) -> float:
        """Return the last temperature that was read; NotFound without a sensor."""
        temperature = self._worker.current_temperature
        if temperature is None:
            raise NotFound(
                f"spectrometer {self.serial} has told no temperature: device has not TEC, or is not connected"
            )
        return temperature

    @value(
        Json(
            "enabled, target, temperature (degrees C), age of that (s), settled, present (whether there is a cooler); "
            "null where it is not known",
            size=MAX_OBSERVABLE,
        ),
        title="what the cooler does and how warm the detector is",
        text=f"those who observe it are told of temperatures that differ by {_DEAD_BAND} degrees or more",
        observable=True,
    )
    def cooler(self) -> JsonValue:
        """Return whether it is on, what it aims at, what it has come to, and whether it stays there."""
        cooler = self._worker.cooler
        return {
            "enabled": cooler.enabled,
            "target": cooler.target,
            "temperature": cooler.temperature,
            "age": None if cooler.age is None else round(cooler.age, 1),
            "settled": cooler.settled,
            "present": self._worker.have_cooler,
        }

    @value(Json("number of each since the start"), title="what was tried after failures")
    def recovery(self) -> JsonValue:
        """Return how often it was opened again, reset on its bus, and switched off and on."""
        return {rung.name.lower(): count for rung, count in self._worker.attempts.items()}

    @command(title="connect to the spectrometer")
    async def connect(self) -> None:
        """Connect, in the background; Conflict in the wrong state."""
        await self._worker.connect()

    @connect.legacy(_RESULT)
    async def connect_by_get(self) -> str:
        """Do the same, answering ok or the refusal."""
        return await _text(self.connect())

    @command(title="disconnect from the spectrometer")
    async def disconnect(self) -> None:
        """Disconnect; Conflict in the wrong state."""
        _not_busy(self._recorder)
        await self._worker.disconnect()

    @disconnect.legacy(_RESULT)
    async def disconnect_by_get(self) -> str:
        """Do the same, answering ok or the refusal."""
        return await _text(self.disconnect())

    @command(title="switch the spectrometer on and connect")
    async def power_on(self) -> None:
        """Switch on; Conflict in the wrong state."""
        await self._worker.power_on()

    @power_on.legacy(_RESULT)
    async def power_on_by_get(self) -> str:
        """Do the same, answering ok or the refusal."""
        return await _text(self.power_on())

    @command(title="disconnect and switch the spectrometer off")
    async def power_off(self) -> None:
        """Switch off; Conflict in the wrong state."""
        _not_busy(self._recorder)
        await self._worker.power_off()

    @power_off.legacy(_RESULT)
    async def power_off_by_get(self) -> str:
        """Do the same, answering ok or the refusal."""
        return await _text(self.power_off())


class _CurrentTime(Component):
    """`current_time/<channel>`."""

    def __init__(self, serial: str, channel: str, times: IntegrationTimes) -> None:
        super().__init__(channel)
        self._serial = serial
        self._times = times

    @value(_TIME, name="", title="integration time of the channel", observable=True)
    def time(self) -> float:
        """Return the integration time in use, ms."""
        return self._times.current_time(self._serial, self.name)

    @time.setter(_NEW_TIME)
    async def set_time(self, t: float) -> None:
        """Set the integration time, within the limits."""
        self._times.set_current_time(self._serial, self.name, t)


class _Autointegration(Component):
    """`autointegration/<channel>`."""

    def __init__(self, serial: str, channel: str, times: IntegrationTimes) -> None:
        super().__init__(channel)
        self._serial = serial
        self._times = times

    @value(
        Text(enum=tuple(AutointegrationState)),
        name="",
        title="result of automatic integration",
        text="n not done, s success, f failed",
        observable=True,
    )
    def state(self) -> str:
        """Return n, s or f."""
        return self._times.auto_state(self._serial, self.name)


class _Achieved(Component):
    """`achieved/<channel>`."""

    def __init__(self, serial: str, channel: str, times: IntegrationTimes) -> None:
        super().__init__(channel)
        self._serial = serial
        self._times = times

    @value(
        Nullable(Number(minimum=0, unit="%")),
        name="",
        title="peak that automatic integration achieved (% of saturation)",
        text="null before, or when the integration time was changed since",
        observable=True,
    )
    def achieved(self) -> float | None:
        """Return the percentage."""
        return self._times.achieved(self._serial, self.name)
