"""Every option of both files, declared once.

Names, defaults and meanings are those of the original piccolo3; `driver`, `model`, the pins and times of the
shutters and the sections [catalogue], [retention], [housekeeping], [recording], [recipes], [quality], [trigger],
[gpio], [indicator], [site], [clock], [gps], [scheduler] and [simulation] are additions.
"""

from __future__ import annotations

from piccolo3.config.declaration import Obsolete, Option, Section
from piccolo3.config.options_data import CATALOGUE, HOUSEKEEPING, RETENTION
from piccolo3.config.options_pins import GPIO, INDICATOR
from piccolo3.config.options_place import CLOCK, GPS, SITE
from piccolo3.config.options_recipes import RECIPES
from piccolo3.config.options_recording import QUALITY, RECORDING, TRIGGER
from piccolo3.config.options_schedule import SCHEDULER
from piccolo3.config.options_spectrometers import SPECTROMETERS
from piccolo3.config.values import PIN, Boolean, Choice, Integer, Name, Number, Optional, Text

__all__ = ["BOARD_PINS", "INSTRUMENT", "SERVER"]

# BCM numbers of (open, close) of the shutter connectors of the Piccolo board
BOARD_PINS = {"shutter_1": (18, 17), "shutter_2": (22, 27), "shutter_3": (23, 24)}

_PATH = Text("a path")

SERVER = Section(
    name="",
    text="The server file, given with `-s`.",
    options=(
        Option(
            name="config",
            kind=_PATH,
            default_value="piccolo.config",
            text="The instrument file; a relative path starts from the data directory.",
        ),
    ),
    sections=(
        Section(
            name="logging",
            text="What the daemon tells the operator.",
            options=(
                Option(name="debug", kind=Boolean(), default_value=False, text="Log everything, for finding mistakes."),
                Option(
                    name="logfile",
                    kind=Optional(_PATH, ""),
                    text="The file that takes the log; empty means the standard error output.",
                ),
            ),
        ),
        Section(
            name="daemon",
            text="Running in the background.",
            options=(
                Option(name="daemon", kind=Boolean(), default_value=False, text="Run in the background."),
                Option(
                    name="pid_file",
                    kind=_PATH,
                    default_value="/var/run/piccolo.pid",
                    text="The file with the number of the process in the background.",
                ),
                Option(
                    name="logfile",
                    kind=Optional(_PATH, ""),
                    default_value="/var/log/piccolo.err",
                    text="The file that takes what a process in the background writes to its standard outputs; "
                    "empty means that it is thrown away.",
                ),
            ),
        ),
        Section(
            name="datadir",
            text="Where the data go.",
            options=(
                Option(
                    name="datadir",
                    kind=_PATH,
                    default_value="pdata",
                    text="The data directory; a relative path starts from the working directory of the daemon, or "
                    "with `mount` from the mount point.",
                ),
                Option(
                    name="mount",
                    kind=Boolean(),
                    default_value=False,
                    text="Mount `device` at `mntpnt` and keep the data there.",
                ),
                Option(
                    name="device",
                    kind=Text("the path of a device"),
                    default_value="/dev/sda1",
                    text="The device to mount.",
                ),
                Option(name="mntpnt", kind=_PATH, default_value="/mnt", text="The mount point."),
                Option(
                    name="reserve",
                    kind=Number(minimum=0, maximum=10_000_000, unit="MB"),
                    default_value=100.0,
                    text="Room that is not for data: no batch begins that would leave less than this, and one that "
                    "comes there ends.",
                ),
                Option(
                    name="fallback",
                    kind=Optional(_PATH, ""),
                    text="A directory on another disk that takes the data while the data directory can't, in the same "
                    "layout; they are moved to the data directory when that works again. Empty means none.",
                ),
            ),
        ),
        Section(
            name="coap",
            text="Where clients reach the daemon.",
            options=(
                Option(
                    name="address",
                    kind=Text("the name or the IP address of an interface, without brackets", r"[\w.:%-]+"),
                    default_value="::",
                    text="The address to listen on; `::` means every interface, with IPv6 and IPv4.",
                ),
                Option(
                    name="port",
                    kind=Integer(minimum=1, maximum=65535),
                    default_value=5683,
                    text="The port to listen on (UDP and TCP).",
                ),
                Option(
                    name="discoverable",
                    kind=Boolean(),
                    default_value=False,
                    text="Answer those who look for rigs in the local network, such as `piccolo discover`.",
                ),
            ),
        ),
    ),
    obsolete=Obsolete(names=("jsonrpc",)),
)

_CHANNEL = Section(
    name="shutter_<N>",
    names=Text("shutter_ and a number from 1 to 99", r"shutter_[1-9][0-9]?"),
    text="One channel: a shutter, called by the number of its connector, and the fibre behind it.",
    options=(
        Option(
            name="direction",
            kind=Name(reserved=("shutters",)),
            required=True,
            text="The name of the channel, such as `upwelling` or `downwelling`; no two channels have the same.",
        ),
        Option(
            name="reverse",
            kind=Boolean(),
            default_value=False,
            text="The shutter is connected the wrong way round: a pulse on `open_pin` closes it and one on "
            "`close_pin` opens it; with the driver `level` it is closed while `open_pin` is on.",
        ),
        Option(
            name="fibreDiameter",
            kind=Number(minimum=0, maximum=100_000, unit="µm"),
            default_value=600.0,
            text="The diameter of the fibre, for the record only.",
        ),
        Option(
            name="driver",
            kind=Optional(Choice(("gpio", "level", "spectrometer", "simulated")), "auto"),
            default="`simulated` if all spectrometers are simulated, otherwise `gpio`",
            text="What moves the shutter: `gpio` is a pulse on one of two pins of the Raspberry Pi, after which it "
            "stays where it is; `level` is a servo or solenoid that is open as long as `open_pin` is on (with "
            "`reverse`: off); `spectrometer` is the shutter inside a spectrometer; or the simulation.",
        ),
        Option(
            name="spectrometer",
            kind=Optional(Name(), "none"),
            default="required with the driver `spectrometer`",
            text="The serial number of the spectrometer that the shutter is in; only with the driver `spectrometer`. "
            "Such a shutter keeps the light from this spectrometer alone.",
        ),
        Option(
            name="open_pin",
            kind=Optional(PIN, "board"),
            default="shutter_1: `18`, shutter_2: `22`, shutter_3: `23`, others: required",
            text="The pin (BCM number) for opening; not used with the driver `spectrometer`.",
        ),
        Option(
            name="close_pin",
            kind=Optional(PIN, "board"),
            default="shutter_1: `17`, shutter_2: `27`, shutter_3: `24`, others: required",
            text="The pin (BCM number) for closing; not used with the drivers `level` and `spectrometer`.",
        ),
        Option(
            name="pulse_time",
            kind=Number(minimum=0.1, maximum=1000, unit="ms"),
            default_value=5.0,
            text="The length of a pulse.",
        ),
        Option(
            name="settling_time",
            kind=Number(minimum=0, maximum=60_000, unit="ms"),
            default_value=10.0,
            text="The time from the end of a pulse, or from the change of a level, until the shutter is at rest.",
        ),
    ),
)


INSTRUMENT = Section(
    name="",
    text="The instrument file, `piccolo.config` in the data directory unless the server file names another.",
    sections=(
        Section(
            name="channels",
            text="The channels: what light is measured.",
            sections=(_CHANNEL,),
            needed="there are no channels: [channels] needs at least one section [[shutter_1]] with a direction",
        ),
        SPECTROMETERS,
        Section(
            name="output",
            text="How data files are written.",
            options=(
                Option(name="clobber", kind=Boolean(), default_value=False, text="Overwrite files that exist."),
                Option(
                    name="split",
                    kind=Boolean(),
                    default_value=True,
                    text="Write dark and light spectra of a sequence into a file each.",
                ),
            ),
        ),
        CATALOGUE,
        RETENTION,
        HOUSEKEEPING,
        RECORDING,
        RECIPES,
        QUALITY,
        TRIGGER,
        GPIO,
        INDICATOR,
        SITE,
        CLOCK,
        GPS,
        SCHEDULER,
        Section(
            name="simulation",
            text="The world that simulated instruments see.",
            options=(
                Option(
                    name="seed",
                    kind=Optional(Integer(minimum=0, maximum=4_294_967_295), "random"),
                    default_value=1,
                    text="What the noise and the clouds start from; the same seed gives the same data, `random` "
                    "others each time.",
                ),
                Option(
                    name="sun_elevation",
                    kind=Optional(Number(minimum=-90, maximum=90, unit="degrees"), "clock"),
                    default_value=45.0,
                    text="The height of the sun above the horizon; `clock` means what it is now at `latitude` and "
                    "`longitude`.",
                ),
                Option(
                    name="latitude",
                    kind=Optional(Number(minimum=-90, maximum=90, unit="degrees"), "site"),
                    default="that of `[site]`, or `55.92`",
                    text="Where the simulated sun shines, north positive.",
                ),
                Option(
                    name="longitude",
                    kind=Optional(Number(minimum=-180, maximum=180, unit="degrees"), "site"),
                    default="that of `[site]`, or `-3.17`",
                    text="The same, east positive.",
                ),
                Option(
                    name="clouds",
                    kind=Number(minimum=0, maximum=1),
                    default_value=0.2,
                    text="The fraction of the sky that is covered by passing clouds.",
                ),
            ),
        ),
    ),
    obsolete=Obsolete(
        names=("NoAutoAdjust", "AutoAdjust", "SimplifySpectra", "NoProcessing", "Processing", "cameras", "jsonrpc")
    ),
)
