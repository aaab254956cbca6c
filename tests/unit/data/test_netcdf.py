"""NetCDF: what the CF checker and xarray say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Literal

import netCDF4
import numpy as np
import pytest
import xarray

from piccolo3.data import export
from piccolo3.data.export import cf
from piccolo3.data.export import netcdf as module
from piccolo3.errors import PiccoloError, StoreError
from piccolo3.spectrum import Flag
from piccolo3.status import SpectrumKind
from tests.unit.data import samples

DARK, LIGHT = SpectrumKind.DARK, SpectrumKind.LIGHT
ROOT = Path(__file__).parents[3]
CHECKER = str(Path(sys.executable).with_name("compliance-checker"))


@pytest.fixture
def rich(tmp_path: Path) -> Path:
    """A run with flags, averages, missing temperatures and a spectrometer whose wavelengths are not known."""
    folder = samples.make_run(tmp_path / "data" / "tower")
    darks = [samples.spectrum(DARK, one, batch=2, temperature=None) for one in samples.CHANNELS]
    lights = [
        samples.spectrum(
            LIGHT,
            one,
            batch=2,
            averages=4,
            standard_deviation=np.arange(20) / 4,
            quality_flags=Flag.SATURATED | Flag.WEAK_SIGNAL,
            dark_file="b000002_s000000_dark.pico",
            dark_sequence=0,
            temperature=None,
        )
        for one in samples.CHANNELS
    ]
    blind = samples.spectrum(
        DARK, "upwelling", "X", batch=2, wavelength_coefficients=[500, 0, 0, 0], quality_flags=None
    )
    samples.write(folder, [*darks, blind], 2, 0, DARK)
    samples.write(folder, lights, 2, 0, LIGHT)
    return tmp_path / "data"


@pytest.mark.parametrize("level", ["raw", "corrected", "reflectance"])
def test_the_cf_checker_finds_nothing(rich: Path, tmp_path: Path, level: str) -> None:
    result = export(rich, tmp_path / "out", format="netcdf", level=level)
    chosen = [str(path) for path in result.files if path.name.startswith(("QEP01_upwelling", "X"))]
    # strict: warnings count, too
    done = subprocess.run(
        [CHECKER, "--test=cf:1.11", "--criteria=strict", *chosen], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("All tests passed!") == len(chosen)


def test_the_cf_checker_would_find_something(rich: Path, tmp_path: Path) -> None:
    path = export(rich, tmp_path / "out", format="netcdf").files[0]
    with netCDF4.Dataset(path, "a") as file:
        file["quality_flags"].flag_meanings = "ONE"
        file["wavelength"].units = "stones"
    done = subprocess.run([CHECKER, "--test=cf:1.11", str(path)], capture_output=True, text=True, check=False)
    assert done.returncode != 0


def test_xarray_reads_it_all(rich: Path, tmp_path: Path) -> None:
    export(rich, tmp_path / "out", format="netcdf")
    with xarray.open_dataset(tmp_path / "out" / "tower" / "QEP01_upwelling_raw.nc") as found:
        assert dict(found.sizes) == {"spectrum": 12, "wavelength": 20, "bounds": 2}
        assert found.time.dtype.kind == "M"
        assert found.time.values[1] == np.datetime64("2026-06-21T10:00:01.123456")
        ends = found.time_bounds.values
        assert (ends[:, 1] - ends[:, 0] == np.timedelta64(250500, "us")).all()
        lights = found.counts.where(found.dark == 0, drop=True)
        assert lights.sel(wavelength=405.0, method="nearest").values.tolist() == [610.0] * 7
        assert found.counts.dtype == np.int32
        flagged = found.quality_flags & 1  # whole numbers, so that masks can be used
        assert flagged.values.tolist() == [0] * 11 + [1]
        assert found.quality_flags.flag_masks.tolist() == [int(flag) for flag in Flag]
        assert found.quality_flags.flag_meanings.split() == [flag.name for flag in Flag]
        assert np.isnan(found.temperature.values).tolist() == [False] * 10 + [True] * 2
        assert found.counts_standard_deviation.values[-1].tolist() == [n / 4 for n in range(20)]
        assert np.isnan(found.counts_standard_deviation.values[:-1]).all()
        assert found.dark_file.values[-1] == "b000002_s000000_dark.pico"
        assert found.attrs["instrument_model"] == "QE-PRO"
        assert found.attrs["instrument_wavelength_coefficients"].tolist() == [400.0, 0.5, 0.0, 0.0]


def test_many_files_open_as_one(rich: Path, tmp_path: Path) -> None:
    export(rich, tmp_path / "out", format="netcdf", level="corrected")
    paths = sorted((tmp_path / "out" / "tower").glob("QEP01_*_corrected.nc"))
    parts = [xarray.open_dataset(path) for path in paths]
    joined = xarray.concat(parts, "spectrum", data_vars="all", coords="different", compat="equals", join="exact")
    assert joined.sizes["spectrum"] == 14
    for part in parts:
        part.close()


def test_without_wavelengths_there_are_pixels(rich: Path, tmp_path: Path) -> None:
    export(rich, tmp_path / "out", format="netcdf")
    with xarray.open_dataset(tmp_path / "out" / "tower" / "X_upwelling_raw.nc") as found:
        assert dict(found.sizes) == {"spectrum": 1, "pixel": 20, "bounds": 2}
        assert "wavelength" not in found
        assert found.judged.values.tolist() == [0]


def test_blocks_fit_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_BLOCK", 7)
    samples.make_run(tmp_path / "data" / "tower", batches=10, serials=("A",))
    export(tmp_path / "data", tmp_path / "out", format="netcdf")
    with xarray.open_dataset(tmp_path / "out" / "tower" / "A_upwelling_raw.nc") as found:
        assert found.sizes["spectrum"] == 50
        assert found.batch.values.tolist() == [number // 5 for number in range(50)]
        assert (found.counts.values[:, 0] == np.where(found.dark.values, 100, 600)).all()


def test_the_missing_extra_is_named(rich: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "netCDF4", None)
    with pytest.raises(PiccoloError, match=r"piccolo3\[export\]"):
        export(rich, tmp_path / "out", format="netcdf")


def test_a_disk_that_fills_up_while_the_file_is_made(
    rich: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = export(rich, tmp_path / "whole", format="netcdf")

    real = netCDF4.Dataset

    class Full:
        def __init__(self, path: Path, mode: Literal["w"], format: Literal["NETCDF4"]) -> None:  # noqa: A002
            self.file = real(path, mode, format=format)

        def __enter__(self) -> netCDF4.Dataset:
            return self.file

        def __exit__(self, *_: object) -> None:
            self.file.close()
            raise RuntimeError("NetCDF: HDF error")

    with monkeypatch.context() as patch:
        patch.setattr(netCDF4, "Dataset", Full)
        with pytest.raises(StoreError, match="is the disk full"):
            export(rich, tmp_path / "out", format="netcdf")
    assert not (tmp_path / "out" / "tower").exists()
    found = export(rich, tmp_path / "out", format="netcdf")
    assert [path.read_bytes() for path in found.files] == [path.read_bytes() for path in whole.files]


def test_every_variable_is_documented() -> None:
    page = (ROOT / "docs" / "reference" / "exports.md").read_text(encoding="utf-8")
    assert cf.reference() in page, "paste the output of: python -m piccolo3.data.export.cf"
