"""The guide to the first light agrees with what there is."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from piccolo3 import config
from piccolo3.config.options import BOARD_PINS
from piccolo3.config.options_pins import STATUS_PIN
from piccolo3.panel.header import place

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs/how-to/first-light.md").read_text(encoding="utf-8")


def test_its_configuration_is_fine(tmp_path: Path) -> None:
    block = next(block for block in re.findall(r"```ini\n(.*?)```", GUIDE, re.S) if "[channels]" in block)
    (tmp_path / "piccolo.config").write_text(block)
    configuration = config.load(None, {("datadir", "datadir"): tmp_path})
    assert not configuration.warnings
    assert {channel.driver for channel in configuration.instrument.channels} == {"gpio"}
    assert configuration.instrument.indicator.driver == "gpio"


def test_its_pins_are_those_of_the_defaults() -> None:
    told = {name.strip(): int(pin) for name, pin in re.findall(r"\|\s*([\w ()]+?) \| (\d+) \(\d+\)", GUIDE)}
    for number in (1, 2, 3):
        pins = (told[f"shutter {number} open"], told[f"shutter {number} close"])
        assert pins == BOARD_PINS[f"shutter_{number}"]
    assert told["green (status) LED"] == STATUS_PIN
    for pin, header in re.findall(r"\| (\d+) \((\d+)\) \|", GUIDE):
        assert place(int(pin)) == f"GPIO {pin} (header pin {header})"


def test_its_programs_and_files_exist() -> None:
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]
    named = set(re.findall(r"/opt/piccolo3/bin/(piccolo3-[\w-]+)", GUIDE))
    assert len(named) >= 4
    assert named <= set(scripts)
    for path in re.findall(r"(?<!/)\betc/(?:udev|systemd)/[\w.-]+", GUIDE):
        assert (ROOT / path).exists()
    for link in re.findall(r"\]\((?!#)([^)]+)\)", GUIDE):
        assert (ROOT / "docs/how-to" / link.partition("#")[0]).exists(), link
