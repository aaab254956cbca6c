"""Where the rig is."""

from __future__ import annotations

import json

import pytest

from piccolo3.clock import ManualClock
from piccolo3.events import Broker
from piccolo3.position import Position
from piccolo3.timing import Locator, PositionChanged, Satellites

SITE = Position(latitude=-33.5, longitude=18.25, altitude=12.0)
SUNNY = Position(latitude=55.92, longitude=-3.17)


class Rover:
    """A receiver that is moved around."""

    def __init__(self, **options: Position) -> None:
        self.clock = ManualClock()
        self.broker = Broker()
        self.told: list[PositionChanged] = []
        self.satellites = Satellites(60.0)
        self.reached = False
        self.locator = Locator(
            self.clock,
            self.broker,
            satellites=self.satellites,
            reached=lambda: self.reached,
            site=options.get("site"),
            simulated=options.get("simulated"),
        )
        self.broker.subscribe(PositionChanged, self.told.append)

    def hear(self, latitude: float = 10.0, longitude: float = 20.0, mode: int = 3, **more: object) -> None:
        report = {"class": "TPV", "device": "a", "mode": mode, "lat": latitude, "lon": longitude}
        self.satellites.feed(json.dumps({**report, **more}).encode(), self.clock.monotonic())
        self.locator.check()


def test_gps_knows_better_than_the_configuration_until_its_position_is_old() -> None:
    rover = Rover(site=SITE, simulated=SUNNY)
    assert rover.locator.position() == SITE
    rover.hear(altMSL=99.96)
    assert rover.locator.position() == Position(latitude=10.0, longitude=20.0, altitude=99.96)
    rover.hear(mode=1)
    rover.clock.advance(59.0)
    assert rover.locator.position() != SITE
    rover.clock.advance(2.0)
    assert rover.locator.position() == SITE


def test_a_simulated_rig_is_where_its_sun_shines_but_its_spectra_do_not_say_so() -> None:
    rover = Rover(simulated=SUNNY)
    assert rover.locator.position() == SUNNY
    assert rover.locator.metadata() == {}
    assert rover.locator.as_dict()["source"] == "simulation"
    assert Rover().locator.position() is None
    assert Rover().locator.metadata() == {}


def test_what_belongs_into_a_spectrum() -> None:
    rover = Rover(site=SITE)
    assert rover.locator.metadata() == {
        "Latitude": -33.5,
        "Longitude": 18.25,
        "Altitude": 12.0,
        "PositionSource": "configuration",
    }
    rover.satellites.feed(b'{"class":"SKY","device":"a","uSat":9,"hdop":0.8}', 0.0)
    rover.hear(10.123456789, 20.0, altMSL=99.96, eph=2.5, epv=5.5, time="2026-06-21T12:00:00.000Z")
    rover.clock.advance(0.25)
    assert rover.locator.metadata() == {
        "Latitude": 10.1234568,
        "Longitude": 20.0,
        "Altitude": 100.0,
        "PositionSource": "gps",
        "GpsMode": 3,
        "GpsSatellites": 9,
        "GpsHdop": 0.8,
        "GpsHorizontalError": 2.5,
        "GpsVerticalError": 5.5,
        "GpsTime": "2026-06-21T12:00:00+00:00",
        "GpsAge": 0.2,
    }
    rover.hear(mode=2)
    found = rover.locator.metadata()
    assert "Altitude" not in found
    assert (found["GpsMode"], found["Latitude"]) == (2, 10.0)


def test_what_clients_are_told_fits_into_a_datagram() -> None:
    rover = Rover(site=SITE)
    assert (rover.locator.as_dict()["gps"], rover.locator.as_dict()["source"]) == ("unreachable", "configuration")
    rover.reached = True
    assert rover.locator.as_dict()["gps"] == "no fix"
    rover.satellites.feed(b'{"class":"SKY","device":"a","uSat":500,"hdop":999999.999999}', 0.0)
    rover.hear(-89.123456789, -179.123456789, altMSL=-999.999, eph=999999.123456, epv=999999.123456,
               time="2026-06-21T12:00:00.123456Z")  # fmt: skip
    found = rover.locator.as_dict()
    assert (found["gps"], found["source"], found["mode"], found["age"]) == ("fix", "gps", 3, 0.0)
    assert len(json.dumps(found)) < 600


def test_without_a_receiver_gps_is_off() -> None:
    locator = Locator(ManualClock(), Broker(), site=SITE)
    assert locator.as_dict()["gps"] == "off"
    assert locator.position() == SITE


def test_only_what_is_news_is_told() -> None:
    rover = Rover(site=SITE)
    rover.hear()
    assert len(rover.told) == 1
    for step in range(5):
        rover.hear(10.0 + step * 2e-5)  # 2 m each
    assert len(rover.told) == 1
    rover.hear(10.0003)
    assert len(rover.told) == 2
    rover.hear(10.0003, mode=2)
    assert len(rover.told) == 3
    rover.hear(mode=1)
    assert len(rover.told) == 4
    rover.clock.advance(61.0)
    rover.locator.check()
    assert len(rover.told) == 5
    rover.locator.check()
    assert len(rover.told) == 5


@pytest.mark.parametrize(
    ("one", "other", "news"),
    [
        ((0.0, 179.9999), (0.0, -179.9999), False),  # 22 m over the date line
        ((0.0, 179.999), (0.0, -179.999), True),
        ((60.0, 0.0), (60.0, 0.0004), False),  # 22 m: degrees are narrow there
        ((0.0, 0.0), (0.0, 0.0004), True),
    ],
)
def test_distances_on_a_sphere(one: tuple[float, float], other: tuple[float, float], news: bool) -> None:
    rover = Rover()
    rover.hear(*one)
    before = len(rover.told)
    rover.hear(*other)
    assert (len(rover.told) > before) is news
