from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from piccolo3.config import (
    ChannelConfig,
    Configuration,
    GpioConfig,
    IndicatorConfig,
    OutputConfig,
    QualityConfig,
    RecordingConfig,
    ServerConfig,
    SimulationConfig,
    SpectrometerConfig,
    TriggerConfig,
    load,
    load_server,
    show,
)
from piccolo3.errors import ConfigurationError

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
CHANNELS = "[channels]\n[[shutter_1]]\ndirection = up\n"
MINIMAL = CHANNELS + "[spectrometers]\n[[dummy_A]]\n"
INSIDE = "driver = spectrometer\nspectrometer = {}\n"
GATED = "[channels]\n[[shutter_9]]\ndirection = up\n" + INSIDE.format("S1") + "[spectrometers]\n[[S1]]\n"
Loader = Callable[..., Configuration]


@pytest.fixture
def rig(tmp_path: Path) -> Loader:
    """Loads a server file and an instrument file of these texts."""

    def loader(server: str | bytes = "", instrument: str | bytes = MINIMAL, **overrides: object) -> Configuration:
        for name, content in (("server.cfg", server), ("piccolo.config", instrument)):
            (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        said = {tuple(key.split("__")): value for key, value in overrides.items()}
        return load(tmp_path / "server.cfg", {("datadir", "datadir"): tmp_path, **said})

    return loader


@pytest.fixture
def problems(rig: Loader, tmp_path: Path) -> Callable[..., list[str]]:
    """The mistakes of these texts, with the names of the files cut to `server` and `instrument`."""

    def find(server: str | bytes = "", instrument: str | bytes = MINIMAL, **overrides: object) -> list[str]:
        with pytest.raises(ConfigurationError) as caught:
            rig(server, instrument, **overrides)
        names = {f"{tmp_path}/server.cfg": "server", f"{tmp_path}/piccolo.config": "instrument"}
        found = list(caught.value.problems)
        for long, short in names.items():
            found = [problem.replace(long, short) for problem in found]
        return found

    return find


Problems = Callable[..., list[str]]


def test_defaults_are_those_of_the_original(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pdata").mkdir()
    (tmp_path / "pdata" / "piccolo.config").write_text(MINIMAL)
    monkeypatch.chdir(tmp_path)
    configuration = load(None)
    assert configuration.server == ServerConfig(directory=tmp_path)
    server = configuration.server
    assert (server.logging.debug, server.logging.logfile) == (False, None)
    assert (server.daemon.daemon, server.daemon.pid_file) == (False, Path("/var/run/piccolo.pid"))
    assert server.daemon.logfile == Path("/var/log/piccolo.err")
    assert (server.datadir.mount, server.datadir.device, server.datadir.mntpnt) == (False, "/dev/sda1", Path("/mnt"))
    assert (server.coap.address, server.coap.port) == ("::", 5683)
    assert server.data_dir == tmp_path / "pdata"
    assert server.instrument_file == tmp_path / "pdata" / "piccolo.config"
    instrument = configuration.instrument
    assert instrument.output == OutputConfig(clobber=False, split=True)
    assert instrument.recording == RecordingConfig(mode="classic", averages=1, follow=False, queue=8)
    assert instrument.quality == QualityConfig(weak=10.0, dark_drift=1.0, illumination=10.0, temperature=1.0)
    assert instrument.trigger == TriggerConfig(driver="none", pin=12, reset_pin=20, edge="rising", debounce=5.0)
    assert instrument.simulation == SimulationConfig()
    assert instrument.channels == (
        ChannelConfig(shutter="shutter_1", direction="up", driver="simulated", open_pin=18, close_pin=17),
    )
    assert instrument.spectrometers == (
        SpectrometerConfig(serial_number="dummy_A", driver="simulated", model="QE-PRO"),
    )
    assert configuration.warnings == ()


def test_every_option_arrives(rig: Loader, tmp_path: Path) -> None:
    server = (
        "[logging]\ndebug = on\nlogfile = log.txt\n[daemon]\ndaemon = yes\npid_file = my.pid\nlogfile = ''\n"
        "[datadir]\nmount = 0\ndevice = /dev/sdb1\nmntpnt = /media\n[coap]\naddress = localhost\nport = 61616\n"
    )
    instrument = (
        "[channels]\n[[shutter_7]]\ndirection = sky.1\nreverse = 1\nfibreDiameter = 200.5\ndriver = simulated\n"
        "open_pin = 4\nclose_pin = 7\npulse_time = 7.5\nsettling_time = 20\n"
        "[spectrometers]\n[[QEP1]]\ndriver = simulated\nmodel = STS-VIS\nbackend = pyseabreeze\n"
        "detectorSetTemperature = -3\nfan = no\n"
        "power_switch = 6\nmin_integration_time = 3.5\nmax_integration_time = 100\n"
        "[[[calibration]]]\n[[[[sky.1]]]]\nwavelengthCalibrationCoefficientsPiccolo = 1, 2.5, -3e-2\n"
        "[output]\nclobber = True\nsplit = False\n"
        "[recording]\nmode = deled\naverages = 20\nfollow = True\nqueue = 3\n"
        "[quality]\nweak = 12.5\ndark_drift = 0.5\nillumination = 2\ntemperature = 3\n"
        "[trigger]\ndriver = gpio\npin = 13\nreset_pin = 16\nedge = falling\ndebounce = 1.5\n"
        "[gpio]\npin_factory = some.module:Pins\n[indicator]\ndriver = gpio\npin = 5\n"
        "[simulation]\nseed = random\nsun_elevation = clock\nlatitude = -10\nlongitude = 20\nclouds = 1\n"
    )
    configuration = rig(server, instrument)
    here = Path.cwd()
    assert configuration.server.logging.debug is True
    assert configuration.server.logging.logfile == here / "log.txt"
    assert configuration.server.daemon.daemon is True
    assert configuration.server.daemon.pid_file == here / "my.pid"
    assert configuration.server.daemon.logfile is None
    assert configuration.server.datadir.device == "/dev/sdb1"
    assert configuration.server.datadir.mntpnt == Path("/media")
    assert (configuration.server.coap.address, configuration.server.coap.port) == ("localhost", 61616)
    (channel,) = configuration.instrument.channels
    assert channel == ChannelConfig(
        shutter="shutter_7",
        direction="sky.1",
        reverse=True,
        fibre_diameter=200.5,
        driver="simulated",
        open_pin=4,
        close_pin=7,
        pulse_time=7.5,
        settling_time=20.0,
    )
    assert (channel.opening_pin, channel.closing_pin) == (7, 4)
    assert configuration.instrument.spectrometers == (
        SpectrometerConfig(
            serial_number="QEP1",
            driver="simulated",
            model="STS-VIS",
            backend="pyseabreeze",
            detector_set_temperature=-3.0,
            fan=False,
            power_switch=6,
            min_integration_time=3.5,
            max_integration_time=100.0,
            calibration={"sky.1": (1.0, 2.5, -0.03)},
        ),
    )
    assert configuration.instrument.output == OutputConfig(clobber=True, split=False)
    assert configuration.instrument.recording == RecordingConfig(mode="deled", averages=20, follow=True, queue=3)
    assert configuration.instrument.quality == QualityConfig(
        weak=12.5, dark_drift=0.5, illumination=2.0, temperature=3.0
    )
    assert configuration.instrument.trigger == TriggerConfig(
        driver="gpio", pin=13, reset_pin=16, edge="falling", debounce=1.5
    )
    assert configuration.instrument.gpio == GpioConfig(pin_factory="some.module:Pins")
    assert configuration.instrument.indicator == IndicatorConfig(driver="gpio", pin=5)
    assert configuration.instrument.simulation == SimulationConfig(
        seed=None, sun_elevation=None, latitude=-10.0, longitude=20.0, clouds=1.0
    )


def test_a_relative_data_directory_starts_from_the_mount_point_with_mount(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "rig.config").write_text(MINIMAL)
    said: dict[tuple[str, ...], object] = {
        ("datadir", "mount"): True,
        ("datadir", "mntpnt"): tmp_path,
        ("datadir", "datadir"): "data",
    }
    configuration = load(None, {**said, ("config",): "rig.config"})
    assert configuration.server.data_dir == tmp_path / "data"
    assert load_server(None, said).instrument_file == tmp_path / "data" / "piccolo.config"


@pytest.mark.parametrize(
    ("serials", "driver"),
    [(["dummy_A", "dummy_B"], "simulated"), (["dummy_A", "QEP1"], "gpio"), (["QEP1"], "gpio")],
)
def test_shutters_are_simulated_only_with_every_spectrometer(rig: Loader, serials: list[str], driver: str) -> None:
    instrument = CHANNELS + "[spectrometers]\n" + "".join(f"[[{serial}]]\n" for serial in serials)
    configuration = rig("", instrument)
    assert [channel.driver for channel in configuration.instrument.channels] == [driver]
    drivers = ["simulated" if serial.startswith("dummy_") else "seabreeze" for serial in serials]
    assert [spectrometer.driver for spectrometer in configuration.instrument.spectrometers] == drivers


def test_an_old_rig_loads_with_one_warning_each(rig: Loader, tmp_path: Path) -> None:
    configuration = rig("[jsonrpc]\nurl = http://127.0.0.1:8080\n", (HERE / "old_rig.config").read_bytes())
    instrument = f"{tmp_path}/piccolo.config, line"
    qep, flame = "[spectrometers] [[QEP00984]]: ", "[spectrometers] [[FLMT01859]]: "
    gone = "of old rigs has no effect any more"
    pattern = "fan = boolean(default=None) is the pattern of a value, not a value; the default counts"
    assert configuration.warnings == (
        f"{tmp_path}/server.cfg, line 1: the section 'jsonrpc' {gone}",
        f"{instrument} 14: {qep}the option 'serialNumber' {gone}",
        f"{instrument} 27: {flame}the option 'detectorTemperature' {gone}",
        f"{instrument} 28: {flame}{pattern}",
        f"{instrument} 29: {flame}the option 'port' {gone}",
        f"{instrument} 30: {flame}the option 'ip' {gone}",
        f"{instrument} 32: [spectrometers]: the section 'nano_1' {gone}",
        *(
            f"{instrument} {line}: the section '{name}' {gone}"
            for line, name in (
                (42, "NoAutoAdjust"),
                (46, "AutoAdjust"),
                (49, "SimplifySpectra"),
                (50, "NoProcessing"),
                (51, "Processing"),
                (53, "cameras"),
                (56, "jsonrpc"),
            )
        ),
    )
    up, down = configuration.instrument.channels
    assert (up.shutter, up.direction, up.reverse, up.fibre_diameter) == ("shutter_2", "upwelling", True, 600.0)
    assert (up.open_pin, up.close_pin, up.opening_pin, up.closing_pin) == (22, 27, 27, 22)
    assert (down.direction, down.opening_pin, down.closing_pin, down.driver) == ("downwelling", 17, 18, "gpio")
    qe, fl = configuration.instrument.spectrometers
    assert (qe.serial_number, qe.detector_set_temperature, qe.fan, qe.power_switch) == ("QEP00984", -20.5, True, 26)
    assert (qe.min_integration_time, qe.max_integration_time) == (10.0, 65535000.0)
    assert dict(qe.calibration) == {
        "upwelling": (641.0, 0.154, -4.6e-06, -3.1e-11),
        "downwelling": (640.0, 0.155, -4.7e-06, -3.2e-11),
    }
    assert (fl.serial_number, fl.fan, fl.model, fl.driver) == ("FLMT01859", True, None, "seabreeze")


def test_all_mistakes_of_both_files_and_the_command_line_are_told_at_once(problems: Problems) -> None:
    server = "[coap]\nprot = 5683\nport = 70000\n[logging]\ndebug = maybe\n[mail]\nto = me\n"
    instrument = (
        "[channels]\n[[shutter_1]]\ndirection = up well\n[[shuter_2]]\ndirection = down\n"
        "[spectrometers]\n[[dummy_A]]\nfan = 2\nfann = 1\nmin_integration_time = nan\n"
        "[output]\nclobber = False, True\n"
    )
    name = "a name of letters, digits and _ - . + (at most 64, not starting with a dot"
    known = (
        "(known: driver, model, backend, detectorSetTemperature, fan, power_switch, min_integration_time, "
        "max_integration_time, calibration)"
    )
    limit = "a number from 0 to 86400000 ms, or device"
    assert problems(server, instrument, daemon__daemon="perhaps", coap__adress="::1") == [
        "server, line 2: [coap]: there is no option 'prot'; did you mean 'port'? (known: address, port, discoverable)",
        "server, line 3: [coap]: port = 70000: it must be a whole number from 1 to 65535",
        "server, line 5: [logging]: debug = maybe: it must be True or False (also yes/no, on/off, 1/0)",
        "server, line 6: there is no section 'mail' (known: config, logging, daemon, datadir, coap)",
        "command line: [daemon]: daemon = perhaps: it must be True or False (also yes/no, on/off, 1/0)",
        "command line: [coap]: there is no option 'adress'",
        f"instrument, line 3: [channels] [[shutter_1]]: direction = up well: it must be {name}; not shutters)",
        "instrument, line 4: [channels]: there is no section 'shuter_2'; it must be shutter_ and a number from 1 to 99",
        "instrument, line 8: [spectrometers] [[dummy_A]]: fan = 2: it must be True or False (also yes/no, on/off, 1/0)",
        f"instrument, line 9: [spectrometers] [[dummy_A]]: there is no option 'fann'; did you mean 'fan'? {known}",
        f"instrument, line 10: [spectrometers] [[dummy_A]]: min_integration_time = nan: it must be {limit}",
        "instrument, line 12: [output]: clobber = False, True: it must be True or False (also yes/no, on/off, 1/0)",
    ]


@pytest.mark.parametrize(
    ("server", "expected"),
    [
        ("[coap]\nport = 1\nport = 2\n", "line 3: [coap]: 'port' is there twice, first in line 2"),
        ("[coap]\nport = 1\n[daemon]\n[coap]\n", "line 4: 'coap' is there twice, first in line 1"),
        ("[[coap]]\nport = x\n", "line 1: [[coap]] is nested too deeply: it has to stand below a section [...]"),
        ("[coap\n", "line 1: '[coap': a section is written as [name]"),
        ("[[coap]\n", "line 1: '[[coap]': there are not as many ] as ["),
        ("[]\n", "line 1: '[]': the name of the section is missing"),
        ('[" "]\n', "line 1: '[\" \"]': the name of the section is missing"),
        ("[coap] x\n", "line 1: '[coap] x': a section is written as [name]"),
        ("\n\nport\n", "line 3: 'port' is neither [section] nor option = value"),
        ("[coap]\naddress = '::\n", 'line 2: "\'::": the quote is not closed'),
        ("[coap]\naddress = '::' 1\n", "line 2: \"'::' 1\": there is something after the closing quote"),
        ("[coap]\naddress = a,,b\n", "line 2: 'a,,b': there is nothing between two commas"),
        ("[coap]\naddress = ,b\n", "line 2: ',b': there is nothing before the comma"),
        ("[coap]\naddress = '''::\nport = 5\n", "line 2: \"'''::\": the quote is not closed"),
        ("coap = 5\n", "line 1: 'coap' is a section, not an option (known: config, logging, daemon, datadir, coap)"),
        ("[coap]\n[[port]]\n", "line 2: [coap]: 'port' is an option, not a section (known: address, port, "),
        ("[config]\n", "line 1: 'config' is an option, not a section (known: config, logging, daemon, datadir, coap)"),
        ("port = 5\n", "line 1: there is no option 'port'; it belongs into [coap] (known: config, logging, daemon, "),
        ("[coap]\nmount = 1\n", "line 2: [coap]: there is no option 'mount'; it belongs into [datadir] (known: "),
        ("[coap]\naddress = ,\n", "line 2: [coap]: address = '': it must be the name or the IP address"),
        ("[coap]\naddress = [::1]\n", "line 2: [coap]: address = [::1]: it must be the name or the IP address of an "),
        ("[coap]\naddress =\n", "line 2: [coap]: address = '': it must be the name or the IP address"),
        ("[coap]\nport = 5e3\n", "line 2: [coap]: port = 5e3: it must be a whole number from 1 to 65535"),
        ("[coap]\nport = %(x)s\n", "line 2: [coap]: port = %(x)s: it must be a whole number from 1 to 65535"),
        (b"[coap]\nport = \xff5\n", "line 2: the byte 0xff after 7 characters is not UTF-8"),
        (b"[coap]\naddress = a\x07b\n", "line 2: there is a control character (U+0007) after 11 characters"),
        ("# " + "x" * 5000 + "\n[coap]\naddress = " + "x" * 5000, "line 3: the line is longer than 4096 characters"),
    ],
)
def test_one_mistake_gives_one_sentence(problems: Problems, server: str | bytes, expected: str) -> None:
    (found,) = problems(server)
    assert found.startswith(f"server, {expected}")


@pytest.mark.parametrize(
    ("instrument", "expected"),
    [
        ("", "there are no channels: [channels] needs at least one section [[shutter_1]] with a direction"),
        (CHANNELS + "[spectrometers]\n[[nano]]\n", "line 4: there are no spectrometers: [spectrometers] needs at"),
        (CHANNELS, "there are no spectrometers: [spectrometers] needs at least one section [[serial number]]"),
        (MINIMAL.replace("direction = up", ""), "line 2: [channels] [[shutter_1]]: 'direction' is missing; it must be"),
        (MINIMAL.replace("= up", "= shutters"), "line 3: [channels] [[shutter_1]]: direction = shutters: it must be"),
        (MINIMAL.replace("= up", "= up/well"), "line 3: [channels] [[shutter_1]]: direction = up/well: it must be"),
        (MINIMAL.replace("= up", "= .."), "line 3: [channels] [[shutter_1]]: direction = ..: it must be"),
        (MINIMAL + "[[dummy B]]\n", "line 6: [spectrometers]: there is no section 'dummy B'; it must be a name of "),
        (
            CHANNELS + "[[shutter_2]]\ndirection = up\n[spectrometers]\n[[dummy_A]]\n",
            "line 5: [channels] [[shutter_2]]: direction = up: shutter_1 has the same",
        ),
        (
            CHANNELS + "open_pin = 22\n[[shutter_2]]\ndirection = down\n[spectrometers]\n[[dummy_A]]\n",
            "line 4: [channels] [[shutter_1]]: open_pin = 22: open_pin of [channels] [[shutter_2]] is the same pin",
        ),
        (
            MINIMAL + "power_switch = 17\n",
            "line 6: [spectrometers] [[dummy_A]]: power_switch = 17: close_pin of [channels] [[shutter_1]] is the same",
        ),
        (MINIMAL + "power_switch = 28\n", "line 6: [spectrometers] [[dummy_A]]: power_switch = 28: it must be a whole"),
        (
            CHANNELS + "[[shutter_4]]\ndirection = x\nclose_pin = 3\n[spectrometers]\n[[dummy_A]]\n",
            "line 4: [channels] [[shutter_4]]: 'open_pin' is missing; the board has no shutter_4, so its pins must be",
        ),
        (
            MINIMAL + "min_integration_time = 20\nmax_integration_time = 10\n",
            "line 6: [spectrometers] [[dummy_A]]: min_integration_time = 20 is above max_integration_time = 10",
        ),
        (
            CHANNELS + "[spectrometers]\n[[QEP]]\nmodel = STS-VIS\n",
            "line 6: [spectrometers] [[QEP]]: model = STS-VIS: only simulated spectrometers have it; leave it out",
        ),
        (
            MINIMAL + "[[[calibration]]]\n[[[[upp]]]]\nwavelengthCalibrationCoefficientsPiccolo = 1, 2\n",
            "line 7: [spectrometers] [[dummy_A]] [[[calibration]]] [[[[upp]]]]: no channel has the direction 'upp' (",
        ),
        (
            MINIMAL + "[[[calibration]]]\n[[[[up]]]]\nwavelengthCalibrationCoefficientsPiccolo = 1, inf\n",
            "line 8: [spectrometers] [[dummy_A]] [[[calibration]]] [[[[up]]]]: wavelengthCalibrationCoefficients",
        ),
        (
            MINIMAL + "[[[calibration]]]\n[[[[up]]]]\nwavelengthCalibrationCoefficientsPiccolo = 1\n",
            "line 8: [spectrometers] [[dummy_A]] [[[calibration]]] [[[[up]]]]: wavelengthCalibrationCoefficients",
        ),
        (
            MINIMAL + "[simulation]\nclouds = 1e999\n",
            "line 7: [simulation]: clouds = 1e999: it must be a number from 0",
        ),
        (MINIMAL + "[recording]\nmode = delde\n", "line 7: [recording]: mode = delde: it must be classic or dark_each"),
        (
            MINIMAL + "[recording]\naverages = 0\n",
            "line 7: [recording]: averages = 0: it must be a whole number from 1",
        ),
        (MINIMAL + "[recording]\nqueue = 1001\n", "line 7: [recording]: queue = 1001: it must be a whole number from"),
        (MINIMAL + "[recording]\nfollow = 2\n", "line 7: [recording]: follow = 2: it must be True or False"),
        (
            MINIMAL + "[quality]\nweak = -1\n",
            "line 7: [quality]: weak = -1: it must be a number from 0 to 100 % of sat",
        ),
        (MINIMAL + "[quality]\nilumination = 1\n", "line 7: [quality]: there is no option 'ilumination'; did you mean"),
        (
            MINIMAL + "[trigger]\ndriver = button\n",
            "line 7: [trigger]: driver = button: it must be none or gpio or sim",
        ),
        (MINIMAL + "[trigger]\nedge = both\n", "line 7: [trigger]: edge = both: it must be rising or falling"),
        (
            MINIMAL + "[trigger]\ndriver = gpio\npin = 17\n",
            "line 8: [trigger]: pin = 17: close_pin of [channels] [[shutter_1]] is the same pin",
        ),
        (
            MINIMAL + "[trigger]\ndriver = simulated\npin = 20\n",
            "line 8: [trigger]: pin = 20: reset_pin of [trigger] is the same pin",
        ),
        (
            MINIMAL + "power_switch = 20\n[trigger]\ndriver = gpio\n",
            "line 6: [spectrometers] [[dummy_A]]: power_switch = 20: reset_pin of [trigger] is the same pin",
        ),
        (
            MINIMAL + "[gpio]\npin_factory = RPi.GPIO\n",
            "line 7: [gpio]: pin_factory = RPi.GPIO: it must be auto, lgpio",
        ),
        (
            MINIMAL + "[indicator]\ndriver = gpio\npin = 17\n",
            "line 8: [indicator]: pin = 17: close_pin of [channels] [[shutter_1]] is the same pin",
        ),
        (
            MINIMAL.replace("[spec", "driver = spectrometer\n[spec", 1),
            "line 4: [channels] [[shutter_1]]: driver = spectrometer: 'spectrometer' is missing; it must be the serial",
        ),
        (
            MINIMAL.replace("[spec", "spectrometer = dummy_A\n[spec", 1),
            "line 4: [channels] [[shutter_1]]: spectrometer = dummy_A: it counts only with driver = spectrometer",
        ),
        (
            MINIMAL.replace("[spec", INSIDE.format("dummy_A") + "[spec", 1),
            "line 5: [channels] [[shutter_1]]: spectrometer = dummy_A: a simulated spectrometer has no shutter inside",
        ),
        (
            MINIMAL.replace("[spec", INSIDE.format("S2") + "[spec", 1),
            "line 5: [channels] [[shutter_1]]: spectrometer = S2: there is no such spectrometer (known: dummy_A)",
        ),
        (
            GATED.replace("[spec", "reverse = True\n[spec"),
            "line 6: [channels] [[shutter_9]]: reverse = True: the shutter inside a spectrometer knows no other way",
        ),
        (
            GATED.replace("[spec", "[[shutter_8]]\ndirection = down\n" + INSIDE.format("S1") + "[spec"),
            "line 9: [channels] [[shutter_8]]: spectrometer = S1: shutter_9 is the shutter inside it already",
        ),
        (MINIMAL + "[simulation]\nfan = float(x)\n", "line 7: [simulation]: there is no option 'fan'; it belongs into"),
        ("shutter_1 = 5\n" + MINIMAL, "line 1: there is no option 'shutter_1'"),
        (MINIMAL + "[cameras]\n[cameras]\n", "line 7: 'cameras' is there twice, first in line 6"),
    ],
)
def test_mistakes_of_the_instrument_file(problems: Problems, instrument: str, expected: str) -> None:
    found = [
        problem for problem in problems("", instrument) if "spectrometers: [sp" not in problem or "no spec" in expected
    ]
    assert len(found) == 1
    assert found[0].startswith(("instrument, " + expected, "instrument: " + expected))


def test_a_shutter_inside_a_spectrometer_needs_no_pins(rig: Loader, tmp_path: Path) -> None:
    configuration = rig("", GATED + "power_switch = 18\n")
    (channel,) = configuration.instrument.channels
    assert (channel.driver, channel.spectrometer) == ("spectrometer", "S1")
    assert (channel.open_pin, channel.close_pin) == (-1, -1)
    assert configuration.instrument.indicator.driver == "none"
    board = rig("", GATED.replace("shutter_9", "shutter_1") + "power_switch = 18\n")  # whose pins are free then
    assert board.instrument.channels[0].spectrometer == "S1"


def test_pins_of_a_trigger_that_is_not_there_are_free(rig: Loader) -> None:
    configuration = rig("", MINIMAL + "power_switch = 12\n[trigger]\npin = 20\n")
    assert configuration.instrument.spectrometers[0].power_switch == 12
    assert configuration.instrument.trigger == TriggerConfig(pin=20)


LEVEL = """
[channels]
[[shutter_1]]
direction = up
driver = level
[[shutter_7]]
direction = down
driver = level
open_pin = 17
[spectrometers]
[[QEP1]]
"""


def test_a_level_shutter_has_one_pin_and_leaves_the_other_one_free(rig: Loader) -> None:
    one, seven = rig("", LEVEL).instrument.channels
    assert (one.driver, one.opening_pin) == ("level", 18)
    assert (seven.driver, seven.opening_pin) == ("level", 17)


@pytest.mark.parametrize(
    ("instrument", "expected"),
    [
        (MINIMAL, IndicatorConfig(driver="none")),
        (MINIMAL.replace("dummy_A", "QEP1"), IndicatorConfig(driver="gpio", pin=25)),
        (LEVEL, IndicatorConfig(driver="gpio", pin=25)),
        (LEVEL + "[indicator]\npin = -1\n", IndicatorConfig(driver="gpio", pin=None)),
        (LEVEL + "[indicator]\ndriver = none\n", IndicatorConfig(driver="none")),
    ],
)
def test_there_is_a_status_light_where_there_are_real_shutters(
    rig: Loader, instrument: str, expected: IndicatorConfig
) -> None:
    assert rig("", instrument).instrument.indicator == expected


def test_what_stands_below_a_wrong_header_is_looked_at_only_for_its_form(problems: Problems) -> None:
    server = "[a]\n[[[deep]]]\nx = 1\ny = '\n[[[[deeper]]]]\nz = 1\n[[[again]]]\n[coap]\nport = x\n"
    assert [problem.partition(":")[0] for problem in problems(server)] == [
        f"server, line {line}" for line in (1, 2, 4, 7, 9)
    ]


def test_a_repeated_section_is_checked_like_the_first(problems: Problems) -> None:
    found = problems("[coap]\nport = 1\n[coap]\nport = x\nprot = 1\nport = y\n")
    assert [problem.partition(": ")[2][:42] for problem in found] == [
        "'coap' is there twice, first in line 1",
        "[coap]: port = x: it must be a whole numbe",
        "[coap]: there is no option 'prot'; did you",
        "[coap]: 'port' is there twice, first in li",
        "[coap]: port = y: it must be a whole numbe",
    ]


def test_an_unbalanced_quote_late_in_a_long_list_takes_no_time(problems: Problems) -> None:
    numbers = ", ".join(str(number) for number in range(200))
    text = MINIMAL + f"[[[calibration]]]\n[[[[up]]]]\nwavelengthCalibrationCoefficientsPiccolo = {numbers}, '5\n"
    assert [problem for problem in problems("", text) if "the quote is not closed" in problem]
    quoted = f'"1", {numbers}, \'5 # "a", 2'
    assert [
        problem for problem in problems(f"[coap]\naddress = {quoted}\n") if "closed" in problem or "after" in problem
    ]


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
def test_line_ends_and_byte_order_marks(rig: Loader, problems: Problems, newline: str, bom: bytes) -> None:
    text = "# comment\n\n[coap]\nport = 77  # a comment\n"
    assert rig(bom + text.replace("\n", newline).encode()).server.coap.port == 77
    assert problems(bom + text.replace("77", "x").replace("\n", newline).encode())[0].startswith("server, line 4: ")


def test_utf_16_with_its_mark(rig: Loader) -> None:
    assert rig("[coap]\r\nport = 77\r\n".encode("utf-16")).server.coap.port == 77


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("address = '::1'  # x", "::1"),
        ('"address" = ::1', "::1"),
        ("address = '''::1''' # x", "::1"),
        ("  address=::1", "::1"),
    ],
)
def test_the_syntax_is_that_of_configobj(rig: Loader, text: str, address: str) -> None:
    assert rig(f"[ 'coap' ] # x\n{text}\nport = 1\n").server.coap.address == address


def test_a_value_over_several_lines_keeps_the_count(problems: Problems) -> None:
    (first, second) = problems("[coap]\naddress = '''a\nb''' # x\nport = x\n")
    assert first.startswith("server, line 2: [coap]: address = 'a\\nb': ")
    assert second.startswith("server, line 4: ")


def test_percent_signs_and_spaces_are_kept(rig: Loader) -> None:
    configuration = rig("[datadir]\nmntpnt = /mnt/%(home)s #x\ndevice = '/dev/a b, #c'\n")
    assert configuration.server.datadir.mntpnt == Path("/mnt/%(home)s")
    assert configuration.server.datadir.device == "/dev/a b, #c"


def test_files_that_are_no_files(tmp_path: Path) -> None:
    def told(path: Path) -> str:
        with pytest.raises(ConfigurationError) as caught:
            load_server(path)
        return str(caught.value)

    missing = tmp_path / "missing.cfg"
    assert told(missing) == f"{missing}: there is no such file; it was named as the server file"
    assert told(tmp_path) == f"{tmp_path}: this is a directory, not a file"
    assert "it is not a plain file" in told(Path("/dev/null"))
    os.mkfifo(tmp_path / "pipe")
    assert "it is not a plain file" in told(tmp_path / "pipe")
    assert "can't be read" in told(Path("a\0b"))
    assert "can't be read: " in told(tmp_path / ("x" * 300))
    (tmp_path / "large").write_bytes(b"#" * (1 << 20) + b"\n")
    assert "larger than" in told(tmp_path / "large")
    (tmp_path / "loop").symlink_to("loop")
    assert "can't be read: Too many levels of symbolic links" in told(tmp_path / "loop")


def test_an_unreadable_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(ConfigurationError, match=r"x\.cfg: the file can't be read: Permission denied"):
        load_server(tmp_path / "x.cfg")


def test_a_missing_instrument_file_is_told_together_with_the_rest(tmp_path: Path) -> None:
    server = tmp_path / "server.cfg"
    server.write_text("[coap]\nport = x\n")
    with pytest.raises(ConfigurationError) as caught:
        load(server, {("datadir", "datadir"): tmp_path})
    wrong, missing = caught.value.problems
    assert "port = x" in wrong
    assert missing.startswith(f"{tmp_path}/piccolo.config: there is no such file; the option 'config'")


def test_where_the_place_of_the_instrument_file_is_a_mistake_nothing_follows_from_it(tmp_path: Path) -> None:
    server = tmp_path / "server.cfg"
    server.write_text("[datadir]\nmount = perhaps\n")
    with pytest.raises(ConfigurationError) as caught:
        load(server)
    assert len(caught.value.problems) == 1


def test_the_command_line_counts_more_but_does_not_hide_mistakes(rig: Loader, problems: Problems) -> None:
    configuration = rig(
        "[coap]\nport = 1\n", coap__port=99, logging__debug=True, coap__address=None, output__clobber="yes"
    )
    assert configuration.server.coap.port == 99
    assert configuration.server.logging.debug is True
    assert configuration.server.coap.address == "::"
    assert configuration.instrument.output.clobber is True
    origins = {(*setting.section, setting.key): setting.origin for setting in configuration.settings}
    assert origins["coap", "port"] == "command line"
    assert origins["coap", "address"] == "default"
    assert problems("[coap]\nport = x\n", coap__port=99) == [
        "server, line 2: [coap]: port = x: it must be a whole number from 1 to 65535"
    ]


def test_show_tells_every_value_with_its_origin_and_reads_as_the_same(rig: Loader, tmp_path: Path) -> None:
    old = rig("[datadir]\ndevice = '/dev/a, #b'\n", (HERE / "old_rig.config").read_bytes(), coap__port=77)
    text = show(old)
    assert "  port = 77  # command line\n" in text
    assert "  address = ::  # default\n" in text
    assert f"    reverse = True  # {tmp_path}/piccolo.config, line 5\n" in text
    server, _, instrument = text.partition("# instrument: ")
    new = rig(server, "# " + instrument)
    assert new.server == old.server
    assert new.instrument == old.instrument
    assert new.warnings == ()


def test_the_shipped_files_load() -> None:
    demo = load(ROOT / "etc/demo.cfg", {("datadir", "datadir"): ROOT / "pdata"})
    models = {spectrometer.serial_number: spectrometer.model for spectrometer in demo.instrument.spectrometers}
    assert models == {"dummy_QEP": "QE-PRO", "dummy_FLM": "FLAME-S", "dummy_STS": "STS-VIS"}
    assert [channel.direction for channel in demo.instrument.channels] == ["downwelling", "upwelling"]
    assert {channel.driver for channel in demo.instrument.channels} == {"simulated"}
    assert demo.warnings == ()
    rig = load_server(ROOT / "etc/piccolo.cfg")
    assert rig.data_dir == Path("/var/lib/piccolo3")
    assert not rig.daemon.daemon


LINES = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        (MINIMAL + "[coap]\n[[x]]\nport = 5\nport = 'a\na = 1, 2 # c\nx = '''\n'''\n[[[\n= 5\n\0").split("\n")
    ),
    st.text(alphabet="[]'\"=,# \ta\0\r", max_size=30),
)


@given(lines=st.lists(LINES, max_size=12), tail=st.binary(max_size=8))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_loads_or_is_a_configuration_error(tmp_path: Path, lines: list[str], tail: bytes) -> None:
    data = "\n".join(lines).encode("utf-8", errors="surrogatepass") + tail
    (tmp_path / "piccolo.config").write_bytes(data)
    (tmp_path / "server.cfg").write_bytes(data)
    for server in (None, tmp_path / "server.cfg"):
        told: tuple[str, ...] = ("loaded",)
        try:
            load(server, {("datadir", "datadir"): tmp_path})
        except ConfigurationError as error:
            told = error.problems
        assert told
        assert all(problem.isprintable() for problem in told)
