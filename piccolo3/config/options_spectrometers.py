"""The options of the spectrometers."""

from __future__ import annotations

from piccolo3.config.declaration import Obsolete, Option, Section
from piccolo3.config.values import PIN, Boolean, Choice, Name, Number, Numbers, Optional

__all__ = ["MODELS", "SPECTROMETERS"]

MODELS = ("QE-PRO", "FLAME-S", "STS-VIS", "ON-DEMAND", "RESTARTING")

_LONGEST = 86_400_000.0  # an integration of a day, in ms

_CALIBRATION = Section(
    name="calibration",
    text="Wavelength calibrations of this spectrometer together with the fibre of a channel.",
    sections=(
        Section(
            name="<direction>",
            names=Name(),
            text="The calibration for the channel with this direction.",
            options=(
                Option(
                    name="wavelengthCalibrationCoefficientsPiccolo",
                    kind=Numbers(shortest=2),
                    required=True,
                    text="The coefficients of a polynomial in the number of the pixel that gives the wavelength "
                    "in nm, lowest order first.",
                ),
            ),
        ),
    ),
)

_SPECTROMETER = Section(
    name="<serial number>",
    names=Name(),
    text="One spectrometer, called by its serial number; one starting with `dummy_` is simulated.",
    options=(
        Option(
            name="driver",
            kind=Optional(Choice(("seabreeze", "simulated")), "auto"),
            default="`simulated` if the serial number starts with `dummy_`, otherwise `seabreeze`",
            text="What talks to the spectrometer: the library seabreeze, or the simulation.",
        ),
        Option(
            name="model",
            kind=Optional(Choice(MODELS), "auto"),
            default="`QE-PRO` if simulated; a real one knows its model",
            text="The model to simulate; only with the driver `simulated`.",
        ),
        Option(
            name="backend",
            kind=Choice(("auto", "cseabreeze", "pyseabreeze")),
            default_value="auto",
            text="The part of seabreeze that talks to a real one; `auto` is the one that can do more with the model, "
            "see the reference of the spectrometers.",
        ),
        Option(
            name="detectorSetTemperature",
            kind=Number(minimum=-100, maximum=50, unit="degrees C"),
            default_value=-10.0,
            legacy_placeholder=True,
            text="The temperature to which the cooler brings the detector at the start.",
        ),
        Option(
            name="fan",
            kind=Boolean(),
            default_value=True,
            legacy_placeholder=True,
            text="Switch the thermo-electric cooler on at the start.",
        ),
        Option(
            name="power_switch",
            kind=Optional(PIN, "-1"),
            text="The pin (BCM number) that switches the power of the spectrometer (on = spectrometer off); `-1` "
            "means that there is none.",
        ),
        Option(
            name="min_integration_time",
            kind=Optional(Number(minimum=0, maximum=_LONGEST, unit="ms"), "device"),
            text="The smallest integration time at the start; `device` means the limit of the spectrometer.",
        ),
        Option(
            name="max_integration_time",
            kind=Optional(Number(minimum=0.001, maximum=_LONGEST, unit="ms"), "device"),
            text="The largest integration time at the start; `device` means 10000 ms, or the limit of the "
            "spectrometer where that is less.",
        ),
    ),
    sections=(_CALIBRATION,),
    obsolete=Obsolete(names=("serialNumber", "detectorTemperature", "port", "ip")),
)

SPECTROMETERS = Section(
    name="spectrometers",
    text="The spectrometers: what the light is measured with. The options here count for all of them.",
    options=(
        Option(
            name="isolation",
            kind=Choice(("process", "thread")),
            default_value="process",
            text="Where the driver `seabreeze` runs: in a `process` for each spectrometer, which is killed "
            "and started anew when the driver hangs or crashes; or in a `thread` of the daemon, which takes "
            "about 40 MB of memory less (with two spectrometers), but a driver that crashes ends the daemon, "
            "one that hangs keeps its spectrometer until the daemon is started again, and some calls hold up "
            "everything else. Simulated spectrometers run in threads.",
        ),
        Option(
            name="power_delay",
            kind=Number(minimum=0, maximum=3600, unit="s"),
            default_value=10.0,
            text="When all are switched on, each waits so long for the one before it; at the start of the daemon "
            "those with power switches do, too.",
        ),
        Option(
            name="power_cycle_interval",
            kind=Number(minimum=30, maximum=604_800, unit="s"),
            default_value=300.0,
            text="A spectrometer that fails again and again is switched off and on, if it has a "
            "`power_switch`, but not more often than this.",
        ),
        Option(
            name="power_off_time",
            kind=Number(minimum=0.1, maximum=600, unit="s"),
            default_value=5.0,
            text="For how long it is switched off then.",
        ),
        Option(
            name="require_settled",
            kind=Boolean(),
            default_value=False,
            text="A batch begins when all detectors with a cooler that is on have come to their set points.",
        ),
        Option(
            name="longest_settling",
            kind=Number(minimum=1, maximum=86_400, unit="s"),
            default_value=900.0,
            text="For how long a batch waits for that at most; then it begins, and its spectra are flagged.",
        ),
    ),
    sections=(_SPECTROMETER,),
    obsolete=Obsolete(prefix="nano"),
    needed="there are no spectrometers: [spectrometers] needs at least one section [[serial number]]",
)
