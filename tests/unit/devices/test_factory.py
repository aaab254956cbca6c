from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from piccolo3.clock import ManualClock
from piccolo3.config import (
    ChannelConfig,
    GpioConfig,
    IndicatorConfig,
    InstrumentConfig,
    SimulationConfig,
    SpectrometerConfig,
    SpectrometersConfig,
)
from piccolo3.devices import Acquirer, Spectrometer, build_rig
from piccolo3.devices.gpio import GpioIndicator, GpioPowerSwitch, LevelShutter, PulseShutter
from piccolo3.devices.hosting import HostedSpectrometer
from piccolo3.devices.indicator import SimulatedIndicator
from piccolo3.devices.seabreeze import SeabreezeSpectrometer
from piccolo3.errors import DeviceError, DeviceRemoved


def channel(number: int, direction: str, driver: str = "simulated") -> ChannelConfig:
    return ChannelConfig(
        shutter=f"shutter_{number}", direction=direction, driver=driver, open_pin=number, close_pin=10 + number
    )


def instrument(*spectrometers: SpectrometerConfig, driver: str = "simulated", seed: int | None = 1) -> InstrumentConfig:
    return InstrumentConfig(
        channels=(channel(1, "downwelling", driver), channel(2, "upwelling", driver)),
        spectrometers=spectrometers,
        simulation=SimulationConfig(seed=seed),
    )


TWIN = SpectrometerConfig(serial_number="dummy_A", driver="simulated", model="FLAME-S", power_switch=5)


def test_a_simulated_rig() -> None:
    rig = build_rig(instrument(TWIN, SpectrometerConfig(serial_number="dummy_B", driver="simulated")), ManualClock())
    assert list(rig.spectrometers) == ["dummy_A", "dummy_B"]
    assert list(rig.power_switches) == ["dummy_A"]
    assert list(rig.shutters) == ["downwelling", "upwelling"]
    assert list(rig.spectrometer_faults) == ["dummy_A", "dummy_B"]
    assert list(rig.shutter_faults) == ["downwelling", "upwelling"]
    infos = [device.open() for device in rig.spectrometers.values()]
    assert [info.model for info in infos] == ["FLAME-S", "QE-PRO"]
    assert all(info.simulated for info in infos)
    rig.close()


def test_power_and_faults_reach_the_spectrometer() -> None:
    rig = build_rig(instrument(TWIN), ManualClock())
    spectrometer, switch = rig.spectrometers["dummy_A"], rig.power_switches["dummy_A"]
    spectrometer.open()
    switch.off()
    with pytest.raises(DeviceRemoved):
        spectrometer.read(1.0)
    spectrometer.close()
    with pytest.raises(DeviceRemoved):
        spectrometer.open()
    switch.on()
    assert switch.is_on
    spectrometer.open()
    rig.spectrometer_faults["dummy_A"].unplugged = True
    with pytest.raises(DeviceRemoved):
        spectrometer.read(1.0)
    rig.close()


def spectra(seed: int | None) -> list[np.ndarray[tuple[int], np.dtype[np.int32]]]:
    clock = ManualClock()
    rig = build_rig(instrument(TWIN, seed=seed), clock)
    spectrometer = rig.spectrometers["dummy_A"]
    acquirer = Acquirer(spectrometer, spectrometer.open(), clock)
    counts = []
    for shutter in rig.shutters.values():
        shutter.open()
        counts.append(acquirer.acquire(30.0, not_before=clock.monotonic()).counts)
    return counts


def test_the_same_seed_gives_the_same_counts() -> None:
    assert np.array_equal(spectra(7), spectra(7))
    assert not np.array_equal(spectra(7), spectra(8))
    assert not np.array_equal(spectra(None), spectra(None))


@pytest.mark.parametrize(("isolation", "kind"), [("process", HostedSpectrometer), ("thread", SeabreezeSpectrometer)])
def test_real_spectrometers_are_not_silently_simulated(isolation: str, kind: type[Spectrometer]) -> None:
    config = instrument(SpectrometerConfig(serial_number="QEP01651", driver="seabreeze"))
    config = replace(config, all_spectrometers=SpectrometersConfig(isolation=isolation))
    rig = build_rig(config, ManualClock())
    spectrometer = rig.spectrometers["QEP01651"]
    assert type(spectrometer) is kind
    for call in (
        spectrometer.temperature,
        spectrometer.clear_buffer,
        lambda: spectrometer.read(1.0),
        lambda: spectrometer.set_integration_time(1.0),
        lambda: spectrometer.set_cooler(True, 0.0),
    ):
        with pytest.raises(DeviceError):
            call()
    spectrometer.interrupt()
    spectrometer.close()
    assert not rig.spectrometer_faults
    rig.close()


def test_devices_on_pins() -> None:
    config = instrument(SpectrometerConfig(serial_number="S", driver="seabreeze", power_switch=5), driver="gpio")
    up, down = config.channels
    config = replace(
        config,
        channels=(up, replace(down, driver="level")),
        gpio=GpioConfig(pin_factory="mock"),
        indicator=IndicatorConfig(driver="gpio"),
    )
    rig = build_rig(config, ManualClock())
    assert rig.pins.pin_factory == "mock"
    assert isinstance(rig.shutters["downwelling"], PulseShutter)
    assert isinstance(rig.shutters["upwelling"], LevelShutter)
    assert isinstance(rig.power_switches["S"], GpioPowerSwitch)
    assert isinstance(rig.indicator, GpioIndicator)
    assert not rig.shutter_faults
    rig.shutters["downwelling"].close()
    rig.close()


@pytest.mark.parametrize(
    ("config", "kind"),
    [
        (IndicatorConfig(), type(None)),
        (IndicatorConfig(driver="gpio", pin=None), type(None)),
        (IndicatorConfig(driver="simulated"), SimulatedIndicator),
    ],
)
def test_the_status_light(config: IndicatorConfig, kind: type[object]) -> None:
    rig = build_rig(replace(instrument(TWIN), indicator=config), ManualClock())
    assert type(rig.indicator) is kind
    rig.close()


def test_what_is_not_known_is_unavailable() -> None:
    rig = build_rig(
        instrument(SpectrometerConfig(serial_number="S", driver="simulated", model="NOSUCH"), driver="magic"),
        ManualClock(),
    )
    with pytest.raises(DeviceRemoved, match="QE-PRO, FLAME-S, STS-VIS"):
        rig.spectrometers["S"].open()
    with pytest.raises(DeviceError, match="magic"):
        rig.shutters["upwelling"].open()
    rig.close()
