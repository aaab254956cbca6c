"""What is to be done in a season: a schedule as a field site has it, every kind of job and of collision included."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

from piccolo3.config import (
    ChannelConfig,
    HousekeepingConfig,
    InstrumentConfig,
    SimulationConfig,
    SpectrometerConfig,
)
from piccolo3.jsonvalue import JsonValue
from piccolo3.store.schedule import ByCron, BySun, Every, Job, Once, Quiet, TaskKind, When

__all__ = ["LATITUDE", "LONGITUDE", "QUIET", "RUN", "instrument", "jobs"]

LATITUDE, LONGITUDE = 47.0, 8.6
RUN = "season"
QUIET = Quiet(enabled=True, start=time(22, tzinfo=UTC), end=time(3, 30, tzinfo=UTC), power_off=True, power_delay=1200.0)
_CHANNELS = ("downwelling", "upwelling")
_MODELS = {"dummy_QEP": "QE-PRO", "dummy_FLM": "FLAME-S"}


def instrument(seed: int) -> InstrumentConfig:
    """Two spectrometers with power switches, two channels, and a sun that goes by the clock."""
    return InstrumentConfig(
        channels=tuple(
            ChannelConfig(
                shutter=f"shutter_{number}",
                direction=direction,
                driver="simulated",
                open_pin=10 + number,
                close_pin=20 + number,
            )
            for number, direction in enumerate(_CHANNELS, start=1)
        ),
        spectrometers=tuple(
            SpectrometerConfig(
                serial_number=serial_number,
                driver="simulated",
                model=model,
                power_switch=30 + number,
                max_integration_time=2000.0,
            )
            for number, (serial_number, model) in enumerate(_MODELS.items())
        ),
        simulation=SimulationConfig(seed=seed, sun_elevation=None, latitude=LATITUDE, longitude=LONGITUDE),
        # a sample a minute is what most of the time would be spent with
        housekeeping=HousekeepingConfig(interval=3600.0),
    )


def jobs(begin: datetime, days: float) -> tuple[Job, ...]:
    """The jobs of a season; those that are due once are spread over it."""
    made = begin - timedelta(seconds=1)

    def job(name: str, task: TaskKind, when: When, **parameters: JsonValue) -> Job:
        return Job(task=task, when=when, name=name, made=made, made_by="season", parameters={"run": RUN, **parameters})

    record, batch = TaskKind.RECORD, {"delay": 0.0, "target": 80.0}
    found = [
        job("by the sun", record, BySun(seconds=1800, elevation=10.0), sequences=1, autointegration=0, **batch),
        job("dawn", record, BySun(seconds=86400, rise_offset=-1200.0), sequences=2, autointegration=-1, **batch),
        job("noon", record, ByCron(expression="0 12 * * *"), sequences=5, autointegration=-1, **batch),
        job("noon, too", record, ByCron(expression="0 12 * * 1-5"), sequences=1, autointegration=-1, **batch),
        job("quarters", record, ByCron(expression="*/15 10-13 * * *"), sequences=1, autointegration=-1, **batch),
        job("dark", TaskKind.DARK, Every(start=begin + timedelta(minutes=7), seconds=7200.0)),
        job(
            "for some days",
            record,
            Every(
                start=begin + timedelta(days=days / 4, minutes=3),
                seconds=5400.0,
                end=begin + timedelta(days=days / 2),
            ),
            sequences=1,
            autointegration=-1,
            **batch,
        ),
    ]
    for number in range(4):
        at = begin + timedelta(days=days * (number + 0.43) / 4)
        found.append(job(f"once {number + 1}", record, Once(at=at), sequences=3, autointegration=-1, **batch))
    return tuple(found)
