"""Draw what the simulated spectrometers see: run it to make simulated-instrument.png beside it anew."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from piccolo3.clock import ManualClock
from piccolo3.config import ChannelConfig, InstrumentConfig, SimulationConfig, SpectrometerConfig
from piccolo3.devices import Acquirer, build_rig
from piccolo3.devices.simulated import MODELS


def main() -> None:
    """For each model with optics of its own: dark, both directions at integration times for 80 % of saturation."""
    clock = ManualClock()
    rig = build_rig(
        InstrumentConfig(
            channels=tuple(
                ChannelConfig(shutter=f"shutter_{i}", direction=name, driver="simulated", open_pin=i, close_pin=10 + i)
                for i, name in enumerate(("downwelling", "upwelling"), 1)
            ),
            spectrometers=tuple(
                SpectrometerConfig(serial_number=f"dummy_{name}", driver="simulated", model=name) for name in MODELS
            ),
            simulation=SimulationConfig(clouds=0.0),
        ),
        clock,
    )
    figure = Figure(figsize=(8, 7.5), layout="constrained")
    panels = figure.subplots(3, 1)
    for panel, (name, model) in zip(panels, MODELS.items(), strict=False):
        spectrometer = rig.spectrometers[f"dummy_{name}"]
        info = spectrometer.open()
        spectrometer.set_cooler(True, -10.0)
        clock.advance(300.0)
        acquirer = Acquirer(spectrometer, info, clock)
        wavelengths = np.polynomial.polynomial.polyval(np.arange(info.pixels), info.wavelength_coefficients)
        dark = acquirer.acquire(model.downwelling_time, not_before=clock.monotonic())
        panel.plot(wavelengths, dark.counts, color="0.5", lw=0.7, label=f"dark, {dark.integration_time:g} ms")
        for direction, time, colour in (
            ("downwelling", model.downwelling_time, "tab:blue"),
            ("upwelling", model.upwelling_time, "tab:green"),
        ):
            rig.shutters[direction].open()
            light = acquirer.acquire(time, not_before=clock.monotonic())
            rig.shutters[direction].close()
            panel.plot(wavelengths, light.counts, color=colour, lw=0.7, label=f"{direction}, {time:g} ms")
        panel.axhline(info.saturation, color="tab:red", lw=0.7, ls=":", label="saturation")
        panel.set(title=f"{name}, sun at 45 degrees, clear sky", ylabel="counts", xlabel="wavelength (nm)")
        panel.legend(fontsize=8)
    figure.savefig(Path(__file__).with_name("simulated-instrument.png"), dpi=70)


if __name__ == "__main__":
    main()
