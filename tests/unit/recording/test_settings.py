from __future__ import annotations

import math

import pytest

from piccolo3.errors import InvalidValue
from piccolo3.jsonvalue import JsonValue
from piccolo3.recording import BatchSettings


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sequences": 0}, "number of sequences must be greater than 0"),
        ({"sequences": 1_000_001}, "number of sequences must not"),
        ({"sequences": 1.5}, "whole number"),
        ({"sequences": True}, "whole number"),
        ({"autointegration": 1_000_001}, "autointegration must not"),
        ({"autointegration": "1"}, "whole number"),
        ({"delay": -0.1}, "delay must be >=0"),
        ({"delay": 86_401}, "delay must be >=0"),
        ({"delay": math.inf}, "finite number"),
        ({"delay": math.nan}, "finite number"),
        ({"target": 9.99}, "target must be >=10 and <=90"),
        ({"target": 90.01}, "target must be >=10 and <=90"),
        ({"target": True}, "finite number"),
    ],
)
def test_what_is_refused(changes: dict[str, float], message: str) -> None:
    with pytest.raises(InvalidValue, match=message):
        BatchSettings().changed(**changes)  # type: ignore[arg-type]


def test_what_is_taken() -> None:
    settings = BatchSettings().changed(sequences=1_000_000, autointegration=-7, delay=86_400, target=10)
    assert settings == BatchSettings(sequences=1_000_000, autointegration=-1, delay=86_400.0, target=10.0)
    assert settings.changed() == settings
    assert settings.changed(delay=1).differences(settings) == ("delay",)


def test_they_survive() -> None:
    settings = BatchSettings(sequences=4, autointegration=2, delay=0.5, target=70)
    assert BatchSettings.from_dict(settings.as_dict()) == settings


@pytest.mark.parametrize("saved", [None, 3, "x", [], {}, {"sequences": "many", "target": None, "delay": -1}])
def test_saved_nonsense_is_replaced_by_defaults(saved: JsonValue) -> None:
    assert BatchSettings.from_dict(saved) == BatchSettings()


def test_the_good_part_of_what_was_saved_is_taken() -> None:
    assert BatchSettings.from_dict({"sequences": 0, "delay": 2.0}) == BatchSettings(delay=2.0)
