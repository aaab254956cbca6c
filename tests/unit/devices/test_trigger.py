from __future__ import annotations

import threading

import pytest

from piccolo3.clock import ManualClock
from piccolo3.config import InstrumentConfig, TriggerConfig
from piccolo3.devices import build_rig
from piccolo3.devices.gpio import GpioTrigger
from piccolo3.devices.simulated import SimulatedTrigger
from piccolo3.devices.trigger import UnavailableTrigger
from piccolo3.errors import DeviceError


def test_the_simulated_one_fires_by_hand_from_any_thread() -> None:
    clock, fired = ManualClock(), list[float]()
    trigger = SimulatedTrigger(clock)
    trigger.fire()  # nobody listens
    trigger.listen(fired.append)
    clock.advance(2.0)
    thread = threading.Thread(target=trigger.fire)
    thread.start()
    thread.join()
    trigger.release()
    trigger.fire()
    assert fired == [2.0]


@pytest.mark.parametrize(
    ("driver", "kind"),
    [("none", type(None)), ("simulated", SimulatedTrigger), ("gpio", GpioTrigger), ("magic", UnavailableTrigger)],
)
def test_the_configuration_chooses(driver: str, kind: type[object]) -> None:
    instrument = InstrumentConfig(channels=(), spectrometers=(), trigger=TriggerConfig(driver=driver))
    rig = build_rig(instrument, ManualClock())
    assert type(rig.trigger) is kind
    rig.close()


def test_an_unavailable_one_says_why() -> None:
    trigger = UnavailableTrigger("because")
    with pytest.raises(DeviceError, match="because"):
        trigger.listen(lambda _: None)
