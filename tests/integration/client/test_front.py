"""`piccolo` against simulated rigs with the real server."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from piccolo3.cli.front.completion import script, words
from piccolo3.cli.front.main import main
from piccolo3.client.connection import Connection
from piccolo3.client.discover import Found
from piccolo3.wire import JsonValue
from tests.rigs import instrument, serving

if TYPE_CHECKING:
    from tests.integration.client.conftest import FakeRig

Fake = Callable[..., "FakeRig"]

WELL = (0, 3, 4)  # the machine may be under load
SMALL = instrument(("dummy_STS:STS-VIS",), ("up",))
LARGE = instrument(
    ("dummy_A:FLAME-S", "dummy_B:STS-VIS", "dummy_C:STS-VIS", "dummy_D:STS-VIS", "dummy_Q:QE-PRO"),
    ("zenith", "nadir", "forward", "leaf.7"),
)


@pytest.fixture(scope="module", autouse=True)
def fonts() -> None:
    """Make matplotlib open its fonts, whose files it keeps open, before anybody counts open files."""
    sheet = Figure()
    FigureCanvasAgg(sheet)
    sheet.text(0.1, 0.1, "title", fontweight="bold")
    sheet.text(0.1, 0.2, "O$_2$-B")
    sheet.savefig(io.BytesIO())


@pytest.fixture(scope="module", params=["usual", "small", "large"])
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    text = {"usual": instrument(), "small": SMALL, "large": LARGE}[request.param]
    with serving(tmp_path_factory.mktemp("data"), text) as url:
        yield url


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(tmp_path_factory.mktemp("data")) as url:
        yield url


@pytest.fixture
def piccolo(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    def run(*arguments: str) -> tuple[int, str, str]:
        status = main(arguments)
        out, err = capsys.readouterr()
        return status, out, err

    return run


Run = Callable[..., tuple[int, str, str]]


def as_json(text: str) -> list[Any]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_day_with_a_rig(url: str, piccolo: Run, tmp_path: Path) -> None:
    status, out, err = piccolo("status", "-u", url)
    assert (status in WELL, err) == (True, "")
    assert f"{url} (" in out
    assert "doing     idle" in out
    status, out, _ = piccolo("status", "-u", url, "--json")
    (body,) = as_json(out)
    channels, names = body["channels"], [one["name"] for one in body["spectrometers"]]
    assert (body["rig"], body["status"]) == (url, "idle")
    assert set(body["shutters"].values()) == {"closed"}
    assert all(set(one["times"]) == set(channels) for one in body["spectrometers"])

    status, out, err = piccolo("auto", "-u", url, "--target", "70")
    assert (status, "automatic integration complete" in out, err) == (0, True, "")
    status, out, err = piccolo("record", "day", "-n", "1", "-a", "-1", "-u", url)
    assert (status, err) == (0, "")
    assert "batch 0 of run day complete, 1 sequence" in out
    status, out, _ = piccolo("dark", "day", "-u", url, "--json")
    assert (as_json(out)[0]["batch"], as_json(out)[0]["result"]) == (1, "complete")
    assert piccolo("abort", "-u", url) == (0, "nothing was being done\n", "")
    assert piccolo("abort", "--safe", "-u", url) == (0, "all shutters were closed\n", "")

    assert "day" in piccolo("data", "list", "-u", url)[1]
    (listed,) = as_json(piccolo("data", "list", "day", "--json", "-u", url)[1])
    assert [(one["batch"], one["kind"]) for one in listed["batches"]] == [(1, "dark"), (0, "record")]
    for copied in (2, 0):
        status, out, _ = piccolo("data", "get", "day", "-b", "0", "-o", str(tmp_path), "-u", url)
        assert out == f"{tmp_path / 'day'}: 2 files, {copied} of them new\n"
    assert len(list((tmp_path / "day").glob("*.pico"))) == 2
    status, out, err = piccolo("data", "plot", "day", "-u", url)
    assert (status, err) == (0, "")
    assert all(name.removeprefix("S_") in out for name in names)
    png = tmp_path / "day.png"
    assert piccolo("data", "plot", "day", "-o", str(png), "-u", url)[0] == 0
    assert png.read_bytes().startswith(b"\x89PNG")

    status, out, _ = piccolo("spectrometer", "times", "all", f"{channels[0]}=25", "--max", "5000", "-u", url, "--json")
    (body,) = as_json(out)
    assert {(one["times"][channels[0]], one["max_time"]) for one in body["spectrometers"]} == {(25, 5000)}
    status, out, _ = piccolo("spectrometer", "list", "-u", url)
    assert all(name in out for name in names)
    assert all(f"{channel} ms" in out for channel in channels)
    assert piccolo("spectrometer", "cooler", "-u", url)[0] == 0


def test_export(usual: str, piccolo: Run, tmp_path: Path) -> None:
    assert piccolo("record", "table", "-n", "1", "-a", "-1", "-u", usual)[0] == 0
    status, out, err = piccolo("data", "export", "table", "-o", str(tmp_path), "-l", "reflectance", "-u", usual)
    assert (status, err) == (0, "")
    assert "run table exported from 2 files" in out
    assert list(tmp_path.rglob("*reflectance*.csv"))
    status, _, err = piccolo("data", "export", "table", "-o", str(tmp_path), "-f", "nonsense", "-u", usual)
    assert status == 1
    assert "nonsense" in err


def test_coolers_and_power(tmp_path: Path, piccolo: Run) -> None:
    with serving(tmp_path / "data", LARGE) as url:
        status, out, _ = piccolo("spectrometer", "cooler", "S_dummy_Q", "--target", "-5", "--on", "-u", url)
        assert (status, out.startswith("S_dummy_Q: on, target -5.0 °C")) == (0, True)
        assert "no cooler" in piccolo("spectrometer", "cooler", "-u", url)[1]
        assert "S_dummy_A has no cooler" in piccolo("spectrometer", "cooler", "dummy_A", "--no-on", "-u", url)[2]
        status, out, err = piccolo("spectrometer", "power", "dummy_A", "off", "-u", url)
        assert (status, out, err) == (0, "S_dummy_A: POWERED_OFF\n", "")
        assert piccolo("spectrometer", "power", "dummy_A", "on", "-u", url)[0] == 0
        status, _, err = piccolo("spectrometer", "power", "nobody", "on", "-u", url)
        assert (status, "there is no spectrometer nobody; the rig has S_dummy_A, " in err) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("spectrometer", "times", "all", "upwelling"), "'upwelling' is not CHANNEL=MS"),
        (("spectrometer", "times", "--max", "5"), "say which spectrometer is meant, or `all`"),
        (("spectrometer", "times", "all", "sideways=5"), "there is no channel sideways; the rig has"),
        (("spectrometer", "times", "all", "upwelling=99999"), "99999"),
        (("spectrometer", "cooler", "--on"), "say which spectrometer is meant"),
        (("record", "a/b"), "must not have the character '/'"),
        (("record", "-n", "0"), "from 1 to 1000000, not 0"),
        (("data", "list", "nowhere"), "nowhere"),
        (("data", "get", "nowhere"), "nowhere"),
        (("data", "plot", "nowhere"), "nowhere"),
        (("data", "get", "../x"), "must not have the character '/'"),
    ],
)
def test_mistakes_are_told_in_a_line(usual: str, piccolo: Run, arguments: tuple[str, ...], sentence: str) -> None:
    status, out, err = piccolo(*arguments, "-u", usual)
    assert (status, out, err.count("\n")) == (1, "", 1), err
    assert err.startswith("piccolo: ")
    assert sentence in err
    assert "Traceback" not in err


def test_configuration(usual: str, piccolo: Run) -> None:
    status, out, _ = piccolo("config", "coap", "-u", usual)
    assert (status, "coap.address = ::1  # command line" in out) == (0, True)
    assert "simulation" not in out
    (body,) = as_json(piccolo("config", "--json", "-u", usual)[1])
    assert len(body["settings"]) > 60  # several pages


def test_log(fake: Fake, piccolo: Run) -> None:
    lines: list[JsonValue] = [
        {
            "number": number,
            "time": "2026-11-21T00:00:00.123456+00:00",
            "level": "ERROR",
            "source": "a.b",
            "message": "[x]",
        }
        for number in range(300)
    ]

    def page(limit: int, before: int | None = None, level: str = "INFO") -> JsonValue:
        end = len(lines) if before is None else before
        first = max(0, end - limit)
        return {"lines": lines[first:end][::-1], "cursor": first or None}

    server = fake()
    server._action("sysinfo/log", page)
    with server.in_thread():
        status, out, err = piccolo("log", "-n", "2", "-u", server.url)
        assert (status, out.splitlines(), err) == (0, ["2026-11-21T00:00:00.123 ERROR   a.b: [x]"] * 2, "")
        (body,) = as_json(piccolo("log", "-n", "1000", "--json", "-u", server.url)[1])
        assert [line["number"] for line in body["lines"]] == list(range(300))


def test_schedule(usual: str, piccolo: Run) -> None:
    assert piccolo("schedule", "-u", usual) == (0, "there are no jobs\n", "")
    added = ("add", "--at", "2199-01-01T00:00+00:00", "--run", "far")
    assert piccolo("--rig", usual, "schedule", *added)[0] == 0
    assert "far" in piccolo("--rig", usual, "schedule", "list")[1]
    assert "schedule  1 jobs" in piccolo("status", "-u", usual)[1]
    assert json.loads(piccolo("--rig", usual, "--json", "schedule")[1])
    with pytest.raises(SystemExit):
        piccolo("schedule", "--help")


def test_what_is_left_running(usual: str, piccolo: Run) -> None:
    status, out, _ = piccolo("record", "long", "-n", "50", "-d", "1", "--detach", "-u", usual)
    assert (status, out.startswith("batch 0 of run long has begun")) == (0, True)
    assert "run long" in piccolo("status", "-u", usual)[1]
    status, _, err = piccolo("record", "again", "-u", usual)
    assert (status, "busy" in err) == (1, True)
    status, out, _ = piccolo("abort", "-u", usual, "--json")
    assert as_json(out) == [{"rig": usual, "aborted": True}]


def test_several_rigs(usual: str, piccolo: Run, tmp_path: Path, unused_port: int) -> None:
    dead = f"coap://localhost:{unused_port}"
    with serving(tmp_path / "data") as other:
        rigs = ("--rig", usual, "--rig", other)
        status, out, _ = piccolo(*rigs, "status", "--json")
        assert (status in WELL, [one["rig"] for one in as_json(out)]) == (True, [usual, other])
        status, out, err = piccolo(*rigs, "--rig", dead, "record", "both", "-n", "1", "-a", "-1")
        assert status == 1
        assert f"nothing listens at {dead}" in err
        for url in (usual, other):
            assert f"{url}: batch 0 of run both complete" in out
        piccolo("data", "get", "both", "-o", str(tmp_path / "got"), *rigs)
        assert len(list((tmp_path / "got").glob("*/both/*.pico"))) == 4
        status, out, _ = piccolo(*rigs, "--rig", dead, "status", "--json")
        assert status == 1
        assert as_json(out)[2]["error"] == "ConnectionFailed"


def test_where_the_rig_is_may_come_from_the_environment(
    usual: str, piccolo: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PICCOLO_URL", usual)
    assert as_json(piccolo("--json", "data", "list")[1])[0]["rig"] == usual


def test_nobody_is_there(piccolo: Run, unused_port: int) -> None:
    for arguments in (("status",), ("record",), ("data", "list"), ("log",), ("abort",)):
        status, out, err = piccolo(*arguments, "-u", f"coap://localhost:{unused_port}")
        assert (status, out, err.count("\n")) == (1, "", 1)
        assert "check that piccolo3-server is running there" in err
        status, _, err = piccolo(*arguments, "-u", "coap://no-such-rig.invalid")
        assert (status, "is not known: check how it is spelt" in err) == (1, True)
    status, _, err = piccolo("status", "-u", "http://rig")
    assert (status, "has to start with coap://" in err) == (1, True)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_one_family_of_addresses(tmp_path: Path, piccolo: Run, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def both(*_: object) -> list[str]:
        return ["::1", "127.0.0.1"]

    with serving(tmp_path / "data", address=address) as url:
        port = url.rpartition(":")[2]
        monkeypatch.setattr(Connection, "_hosts", both)  # of a name that stands for both
        assert piccolo("status", "-u", f"coap://rig.example:{port}")[0] in WELL


@pytest.mark.parametrize("old", [True, False])
def test_a_server_of_another_version(fake: Fake, piccolo: Run, old: bool) -> None:
    server = fake(old=old)
    server._value("control/novelty", 1)
    with server.in_thread():
        status, out, err = piccolo("status", "-u", server.url)
        assert (status, err) == (0, "")
        assert "S_dummy_A" in out
        status, out, err = piccolo("log", "-u", server.url)
        assert (status, "(version 0.6.0) has no sysinfo/log" in err) == (1, True)
        status, out, err = piccolo("record", "spectra", "-n", "2", "-u", server.url)
        assert (status, err) == (0, ""), out
        assert piccolo("spectrometer", "times", "dummy_A", "upwelling=12", "-u", server.url)[0] == 0


def test_the_server_is_restarted_while_it_is_followed(tmp_path: Path, piccolo: Run, unused_port: int) -> None:
    ended: list[tuple[int, str, str]] = []
    url = f"coap://[::1]:{unused_port}"
    with serving(tmp_path, port=unused_port):
        following = threading.Thread(
            target=lambda: ended.append(piccolo("record", "night", "-n", "500", "-a", "-1", "-d", "0", "-u", url))
        )
        following.start()
        deadline = time.monotonic() + 10
        while not list(tmp_path.glob("night/*.pico")) and time.monotonic() < deadline:
            time.sleep(0.01)
    with serving(tmp_path, port=unused_port):
        following.join(15)
    assert not following.is_alive()
    status, out, _ = ended[0]
    assert (status, "batch 0 of run night" in out) == (1, True)
    assert "aborted" in out or "failed" in out


def test_ctrl_c_leaves_the_batch_alone(usual: str, tmp_path: Path) -> None:
    program = Path(sys.executable).with_name("piccolo")
    command = [str(program), "record", "mine", "-n", "50", "-d", "1", "-u", usual]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert "record:" in process.stdout.readline()
    process.send_signal(2)
    _, err = process.communicate(timeout=15)
    assert (process.returncode, "left running; `piccolo abort` ends it" in err) == (130, True)
    assert "Traceback" not in err
    assert main(["abort", "-u", usual, "--json"]) == 0


def test_help_needs_nothing_that_takes_time() -> None:
    code = (
        "import sys; from piccolo3.cli.front.options import parser; parser().format_help(); "
        "print(*{'numpy', 'aiocoap', 'rich', 'asyncio', 'importlib.metadata'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "\n"


@pytest.mark.parametrize("arguments", [[], ["nonsense"], ["data"], ["status", "--timeout", "0"]])
def test_wrong_usage(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "usage: piccolo" in capsys.readouterr().err


def test_every_command_has_help(capsys: pytest.CaptureFixture[str]) -> None:
    for path in words():
        with pytest.raises(SystemExit) as caught:
            main([*path.split(), "--help"])
        assert caught.value.code == 0
        assert "usage: piccolo" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        main(["--version"])


@pytest.mark.parametrize(
    ("typed", "expected"),
    [(["d"], {"dark", "data", "discover", "doctor"}), (["data", "l"], {"list"}), (["data", "list", "--j"], {"--json"})],
)
def test_completion_in_bash(typed: list[str], expected: set[str], piccolo: Run) -> None:
    assert piccolo("completion", "bash")[1] == script("bash")
    shell = shutil.which("bash")
    if shell is None:
        pytest.skip("no bash")
    line = " ".join(f'"{word}"' for word in ["piccolo", *typed])
    code = f"{script('bash')}\nCOMP_WORDS=({line}); COMP_CWORD={len(typed)}; _piccolo; echo ${{COMPREPLY[@]}}"
    done = subprocess.run([shell, "-c", code], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) == expected


def test_completion_of_other_shells() -> None:
    assert script("zsh").startswith("autoload -U +X bashcompinit")
    assert "-a record" in script("fish")


def test_watching(usual: str, piccolo: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) > 1:
            raise KeyboardInterrupt

    monkeypatch.setattr("piccolo3.cli.front.status.time.sleep", sleep)
    status, out, err = piccolo("status", "--watch", "0.5", "-u", usual)
    assert (status, err, waited) == (130, "piccolo: interrupted\n", [0.5, 0.5])
    assert out.count("doing") == 2


def test_following_a_log(fake: Fake) -> None:
    lines: list[JsonValue] = []

    def page(limit: int, before: int | None = None, after: int | None = None, level: str = "INFO") -> JsonValue:
        new: JsonValue = {
            "time": "2026-11-21T00:00:00",
            "level": "INFO",
            "source": "a",
            "message": "b",
            "number": len(lines),
        }
        lines.append(new)
        return {"lines": [new], "cursor": None}

    server = fake()
    server._action("sysinfo/log", page)
    server._value("sysinfo/started", "2026-11-21T00:00:00+00:00")
    program = Path(sys.executable).with_name("piccolo")
    with server.in_thread():
        command = [str(program), "log", "-f", "-n", "1", "--json", "-u", server.url]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert [json.loads(process.stdout.readline())["number"] for _ in range(2)] == [0, 1]
            process.send_signal(2)
            assert process.wait(10) == 130


def test_ctrl_c_ends_the_following_of_all_rigs(usual: str, tmp_path: Path) -> None:
    program = Path(sys.executable).with_name("piccolo")
    with serving(tmp_path / "data") as other:
        command = [str(program), "record", "two", "-n", "50", "-d", "1", "-u", usual, "-u", other]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            seen: set[str] = set()
            while len(seen) < 2:
                seen.add(process.stdout.readline().partition(": ")[0])
            process.send_signal(2)
            _, err = process.communicate(timeout=15)
        assert (process.returncode, err.count("left running")) == (130, 2)
        assert main(["abort", "-u", usual, "-u", other, "--json"]) == 0


def test_discover(piccolo: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[Found] = [Found("coap://192.0.2.1", "tower", "0.6.0"), Found("coap://192.0.2.2")]

    async def discover(seconds: float, port: int) -> tuple[Found, ...]:
        assert (seconds, port) == (2.0, 5684)
        return tuple(found)

    monkeypatch.setattr("piccolo3.cli.front.discover.discover", discover)
    said = "coap://192.0.2.1  tower, piccolo3 0.6.0\ncoap://192.0.2.2\n"
    assert piccolo("discover", "--port", "5684") == (0, said, "")
    assert [one["host"] for one in as_json(piccolo("discover", "--port", "5684", "--json")[1])] == ["tower", None]
    found.clear()
    status, out, err = piccolo("discover", "--port", "5684")
    assert (status, out, "discoverable = True" in err) == (1, "", True)
