"""A soak would find a wrong spectrum."""

from __future__ import annotations

import time
import zlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from emulators import Control, HandedOut
from piccolo3.spectrum import JsonValue, SpectraList, Spectrum, dumps
from soak.checking import Checker

COUNTS = np.arange(100, 148, dtype=np.int32)
CLOSED = {"downwelling": 0.0, "upwelling": 0.0}
OPEN = {"downwelling": 1.0, "upwelling": 0.0}
T = 50_000_000  # ns


@dataclass
class Rig:
    """What there is of emulated instruments."""

    handed_out: list[HandedOut]

    def truth(self, serial_number: str, since: float = 0.0) -> list[HandedOut]:
        return [exposure for exposure in self.handed_out if exposure.delivered > since * 1e9]


@pytest.fixture
def exposure() -> HandedOut:
    end = time.monotonic_ns()
    return HandedOut(
        number=7,
        start=end - T,
        end=end,
        requested=end,
        delivered=end,
        open_share=OPEN,
        checksum=zlib.crc32(COUNTS.astype("<i4").tobytes()),
    )


def file_of(folder: Path, exposure: HandedOut, counts: np.ndarray = COUNTS, **metadata: JsonValue) -> Path:
    def text(moment: int) -> str:
        moment_utc = datetime.fromtimestamp(time.time() - time.monotonic() + moment / 1e9, UTC)
        return moment_utc.strftime("%Y-%m-%dT%H:%M:%S.%f+0000")

    known: dict[str, JsonValue] = {
        "SerialNumber": "A",
        "Direction": "downwelling",
        "Dark": False,
        "IntegrationTime": 50,
        "Datetime": text(exposure.start),
        "ExposureStart": text(exposure.start),
        "ExposureEnd": text(exposure.end),
    }
    path = folder / f"{len(list(folder.iterdir()))}.pico"
    path.write_text(dumps(SpectraList((Spectrum(counts, {**known, **metadata}),))))
    return path


def problems(path: Path, *exposures: HandedOut) -> list[str]:
    checker = Checker(cast("Control", Rig(list(exposures))), ["A"])
    assert checker.check([path], time.monotonic() - 1) == 1
    return checker.wrong


def test_what_was_handed_out_is_right(tmp_path: Path, exposure: HandedOut) -> None:
    assert problems(file_of(tmp_path, exposure), exposure) == []


def test_a_dark_is_right(tmp_path: Path, exposure: HandedOut) -> None:
    assert problems(file_of(tmp_path, exposure, Dark=True), replace(exposure, open_share=CLOSED)) == []


def test_one_wrong_count_is_found(tmp_path: Path, exposure: HandedOut) -> None:
    counts = COUNTS.copy()
    counts[-1] += 1
    (text,) = problems(file_of(tmp_path, exposure, counts), exposure)
    assert "never handed out" in text


def test_another_integration_time_is_found(tmp_path: Path, exposure: HandedOut) -> None:
    (text,) = problems(file_of(tmp_path, exposure, IntegrationTime=51), exposure)
    assert "says 51.0 ms and was exposed 50.0 ms" in text


@pytest.mark.parametrize(
    "share", [CLOSED, {"downwelling": 0.999, "upwelling": 0.0}, {"downwelling": 1.0, "upwelling": 0.1}]
)
def test_light_through_shutters_that_were_not_as_they_should_is_found(
    tmp_path: Path, exposure: HandedOut, share: dict[str, float]
) -> None:
    (text,) = problems(file_of(tmp_path, exposure), replace(exposure, open_share=share))
    assert "the shutters were open" in text


def test_light_in_a_dark_is_found(tmp_path: Path, exposure: HandedOut) -> None:
    (text,) = problems(file_of(tmp_path, exposure, Dark=True), exposure)
    assert "the shutters were open" in text


def test_another_moment_is_found(tmp_path: Path, exposure: HandedOut) -> None:
    (text,) = problems(file_of(tmp_path, replace(exposure, end=exposure.end + 10**9)), exposure)
    assert "1.000 s off" in text


def test_the_same_exposure_twice_is_found(tmp_path: Path, exposure: HandedOut) -> None:
    checker = Checker(cast("Control", Rig([exposure])), ["A"])
    checker.check([file_of(tmp_path, exposure), file_of(tmp_path, exposure)], time.monotonic() - 1)
    (text,) = checker.wrong
    assert "for the second time" in text


def test_what_was_handed_out_long_before_the_batch_is_stale(tmp_path: Path, exposure: HandedOut) -> None:
    checker = Checker(cast("Control", Rig([exposure])), ["A"])
    checker.check([file_of(tmp_path, exposure)], time.monotonic() + 2)
    assert "never handed out" in checker.wrong[0]
