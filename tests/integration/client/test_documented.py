"""What README and tutorial tell people to type is typed here, against a server with the rig of the demo."""

from __future__ import annotations

import asyncio
import re
import shlex
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from piccolo3.cli.child import Server, derive_server_file
from piccolo3.cli.front.main import main as piccolo
from piccolo3.cli.record import main as record
from piccolo3.cli.schedule import main as schedule
from piccolo3.client import Piccolo

ROOT = Path(__file__).parents[3]
PAGES = ["README.md", "docs/tutorials/first-record.md", "docs/how-to/command-line.md"]
# what other tests type, and what changes the environment
ELSEWHERE = {
    "make",
    *(f".venv/bin/{name}" for name in ("pip", "piccolo3-list-spec", "piccolo3-server", "piccolo3-shutter")),
}


@pytest.fixture
def url(tmp_path: Path, unused_port: int) -> Iterator[str]:
    """A server with the files of the demo."""
    server_file = tmp_path / "demo.cfg"
    template = (ROOT / "etc/demo.cfg").read_text()
    server_file.write_text(derive_server_file(template, ROOT / "pdata/piccolo.config"))
    ready, end = threading.Event(), asyncio.Event()
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        program = Path(sys.executable).with_name("piccolo3-server")
        async with Server(program, server_file, tmp_path, unused_port) as child, Piccolo(child.url) as rig:
            for name in await rig.spectrometers.names():
                async for status in rig.observe(f"spectrometer/{name}/status"):
                    if status == 6:
                        break
            ready.set()
            await end.wait()

    def run() -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(serve())

    thread = threading.Thread(target=run)
    thread.start()
    try:
        assert ready.wait(30)
        yield f"coap://localhost:{unused_port}"
    finally:
        loop.call_soon_threadsafe(end.set)
        thread.join(15)


def idle(url: str) -> None:
    async def wait() -> None:
        async with asyncio.timeout(30), Piccolo(url) as rig:
            async for status in rig.observe("control/status"):
                if status == "idle":
                    return

    asyncio.run(wait())


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", (ROOT / page).read_text(), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", PAGES)
def test_what_pages_tell_to_type(
    page: str, url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PICCOLO_URL", url)
    wrong = False
    for line in "".join(blocks(page, "sh")).splitlines():
        words = shlex.split(line, comments=True)
        wrong = wrong or "elsewhere" in line  # from there on, the mistakes
        if words[0].endswith("piccolo3-record"):
            assert record(["-u", url, *words[1:]]) == (1 if wrong else 0), line
            assert capsys.readouterr().err.count("\n") == (1 if wrong else 0)
        elif words[0].endswith("/piccolo"):
            words = [url if word in ("localhost", "127.0.0.1") else word for word in words if word[0] != ">"]
            words = [str(tmp_path / "demo.cfg") if word == "etc/demo.cfg" else word for word in words]
            if "completion" in words:
                words = words[:3]
            # a machine of tests may be under load, which is no good health
            assert piccolo(words[1:]) in ((0, 3, 4) if "status" in words else (0,)), line
            assert not capsys.readouterr().err, line
        elif words[0].endswith("piccolo3-schedule"):
            assert schedule(["-u", url, *words[1:]]) == 0, line
            assert not capsys.readouterr().err, line
        elif words[0].startswith("coap-client"):
            program = shutil.which(words[0])
            if program is not None:
                words = [program, *(word.replace("coap://localhost", url) for word in words[1:])]
                done = subprocess.run(words, capture_output=True, text=True, timeout=30, check=True)
                assert not done.stderr or "4." not in done.stderr, line
                assert "put" in words or done.stdout.strip()
        else:
            assert words[0] in ELSEWHERE, line
        idle(url)
    for block in blocks(page, "python"):
        code = block.replace("coap://localhost", url)
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        assert done.stdout.count("dummy_") == 6, done.stdout


def test_targets_of_make_are_there() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for page in PAGES:
        for target in re.findall(r"make ([a-z]+)", "".join(blocks(page, "sh"))):
            assert re.search(rf"^{target}:", makefile, re.MULTILINE)


@pytest.mark.parametrize("page", [*PAGES, "CHANGELOG.md"])
def test_links_lead_somewhere(page: str) -> None:
    for target in re.findall(r"\]\(([^)]+)\)", (ROOT / page).read_text()):
        if "://" not in target:
            assert ((ROOT / page).parent / target).exists(), target


@pytest.mark.parametrize("options", [["--check"], ["--show-config"]])
def test_the_server_files_that_are_shipped(options: list[str], tmp_path: Path) -> None:
    shutil.copy(ROOT / "pdata/piccolo.config", tmp_path)
    program = str(Path(sys.executable).with_name("piccolo3-server"))
    command = [program, "-s", str(ROOT / "etc/piccolo.cfg"), "-o", str(tmp_path), *options]
    assert subprocess.run(command, capture_output=True, check=False, timeout=30).returncode == 0
