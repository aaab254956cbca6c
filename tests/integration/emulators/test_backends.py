"""The unmodified seabreeze, with both of its backends, on every instrument."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest

from emulators import KINDS, EmulatedRig, HandedOut
from emulators.catalogue import Protocol
from tests.integration.emulators.conftest import Program

CODE = """
import json, sys, zlib, numpy, seabreeze
seabreeze.use(sys.argv[1])
import seabreeze.spectrometers as sb
found = {}
for device in sb.list_devices():
    spectrometer = sb.Spectrometer(device)
    spectrometer.integration_time_micros(10000)
    checksums = []
    for _ in range(6):
        counts = spectrometer.intensities()
        checksums.append(zlib.crc32(numpy.rint(counts).astype("<i4")[:int(sys.argv[2])].tobytes()))
    wavelengths = spectrometer.wavelengths()
    features = spectrometer.f
    cooler = features.thermo_electric
    if cooler:
        cooler.set_temperature_setpoint_degrees_celsius(-10.0)
        cooler.enable_tec(True)
    buffer = features.data_buffer
    found[spectrometer.serial_number] = {
        "model": spectrometer.model,
        "pixels": spectrometer.pixels,
        "wavelengths": [wavelengths[0], wavelengths[1000 if len(wavelengths) > 1000 else -1]],
        "checksums": checksums,
        "nonlinearity": list(spectrometer._nc.coeffs[::-1]) if spectrometer._nc else None,
        "temperature": cooler.read_temperature_degrees_celsius() if cooler else None,
        "capacity": buffer.get_buffer_capacity() if buffer else None,
        "shutter": bool(features.shutter),
    }
    spectrometer.close()
print(json.dumps(found))
"""
SERIALS = {f"{kind.prefix}00001": name for name, kind in KINDS.items()}
BACKENDS = ("cseabreeze", "pyseabreeze")
KNOWN = {
    backend: [
        serial for serial, kind in SERIALS.items() if backend == "pyseabreeze" or KINDS[kind].protocol != Protocol.OBP2
    ]
    for backend in BACKENDS
}
CASES = [(backend, serial) for backend in BACKENDS for serial in KNOWN[backend]]


@pytest.fixture(scope="module", params=BACKENDS)
def seen(request: pytest.FixtureRequest, program: Program) -> Iterator[tuple[str, Any, dict[str, list[HandedOut]]]]:
    backend: str = request.param
    with EmulatedRig(SERIALS) as rig:
        found = program(rig, CODE, backend, "99999")
        yield backend, found, {serial: rig.truth(serial) for serial in SERIALS}


def test_all_that_a_backend_knows_are_found(seen: tuple[str, Any, dict[str, list[HandedOut]]]) -> None:
    backend, found, _ = seen
    assert sorted(found) == sorted(KNOWN[backend])


@pytest.mark.parametrize("serial", SERIALS)
def test_what_it_says_of_itself(seen: tuple[str, Any, dict[str, list[HandedOut]]], serial: str) -> None:
    backend, found, _ = seen
    if serial not in KNOWN[backend]:
        assert serial not in found
        return
    said, model = found[serial], KINDS[SERIALS[serial]].model
    whole = backend == "pyseabreeze" and SERIALS[serial] == "QE65000"  # it shows values that are no pixels, too
    assert said["pixels"] == (1280 if whole else model.pixels)
    last = min(1000, model.pixels - 1)
    expected = [sum(c * n**order for order, c in enumerate(model.wavelength_coefficients)) for n in (0, last)]
    assert said["wavelengths"] == pytest.approx(expected, abs=0.01)
    if said["nonlinearity"] is not None:
        coefficients = said["nonlinearity"]
        assert coefficients == pytest.approx(model.nonlinearity_coefficients[: len(coefficients)], rel=1e-5, abs=1e-30)
    if said["temperature"] is not None:
        assert model.cooling is not None
        assert -10 <= said["temperature"] <= 25
    assert said["shutter"] == (backend == "cseabreeze" and SERIALS[serial] == "STS")
    assert (said["capacity"] is not None) == (backend == "cseabreeze" and SERIALS[serial] == "QEPRO")


@pytest.mark.parametrize("serial", SERIALS)
def test_the_truth_is_what_was_read(seen: tuple[str, Any, dict[str, list[HandedOut]]], serial: str) -> None:
    backend, found, truth = seen
    if serial not in KNOWN[backend] or SERIALS[serial] == "QE65000":
        return  # its values that are no pixels are counted in
    known = truth[serial]
    assert [exposure.checksum for exposure in known] == found[serial]["checksums"]
    assert all(exposure.open_share == {"downwelling": 1.0} for exposure in known)
    assert all(before.number < after.number for before, after in pairwise(known))
    if SERIALS[serial] != "QEPRO":  # which has old ones in its buffer
        assert known[-1].integration_time == 10_000_000


def test_models_are_named_as_the_backend_does(seen: tuple[str, Any, dict[str, list[HandedOut]]]) -> None:
    backend, found, _ = seen
    other = {"QEPRO": "QE-PRO", "FLAMES": "USB2000PLUS"} if backend == "cseabreeze" else {}
    assert {serial: said["model"] for serial, said in found.items()} == {
        serial: other.get(SERIALS[serial], SERIALS[serial]) for serial in KNOWN[backend]
    }
