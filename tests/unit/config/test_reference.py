from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path

import pytest
from configobj import ConfigObj

import piccolo3.config
from piccolo3.config import ClockConfig, InstrumentConfig, ServerConfig, SimulationConfig, load
from piccolo3.config.declaration import Option, Section
from piccolo3.config.options import INSTRUMENT, SERVER
from piccolo3.config.reference import reference

ROOT = Path(__file__).parents[3]


def options() -> Iterator[tuple[tuple[str, ...], Section, Option]]:
    for root in (SERVER, INSTRUMENT):
        for path, section in root.walk():
            for option in section.options:
                yield path, section, option


def test_the_page_is_the_one_written_from_the_declaration() -> None:
    page = (ROOT / "docs/reference/configuration.md").read_text(encoding="utf-8")
    assert page == reference(), "run: python -m piccolo3.config.reference > docs/reference/configuration.md"


def test_the_page_has_every_option() -> None:
    page = reference()
    for _, _, option in options():
        assert f"| `{option.name}` | {option.kind.allowed} |" in page


@pytest.mark.parametrize("item", list(options()), ids=lambda item: ".".join((*item[0], item[2].name)))
def test_defaults_are_allowed_and_read_back(item: tuple[tuple[str, ...], Section, Option]) -> None:
    _, _, option = item
    if option.default is None and not option.required:
        assert option.kind.parse(option.kind.render(option.default_value)) == option.default_value
    assert option.text.endswith(".")


def test_the_defaults_of_the_model_are_those_of_the_declaration(tmp_path: Path) -> None:
    text = "[channels]\n[[shutter_1]]\ndirection = up\n[spectrometers]\n[[dummy_A]]\n"
    (tmp_path / "piccolo.config").write_text(text)
    loaded = load(None, {("config",): tmp_path / "piccolo.config"})
    assert loaded.server == ServerConfig(config=tmp_path / "piccolo.config")
    defaults = InstrumentConfig(
        channels=loaded.instrument.channels,
        spectrometers=loaded.instrument.spectrometers,
        clock=ClockConfig(trust="always"),  # since the rig is simulated
    )
    assert loaded.instrument == defaults
    assert loaded.instrument.simulation == SimulationConfig()


def test_every_commented_option_of_the_shipped_file_exists() -> None:
    lines = (ROOT / "etc/piccolo.cfg").read_text(encoding="utf-8").splitlines()
    uncommented = [
        line.replace("# ", "", 1) if " = " in line and line.strip().startswith("# ") else line for line in lines
    ]
    file = ConfigObj([line for line in uncommented if "with mount = True" not in line], interpolation=False)
    written = {(section, key) for section in file.sections for key in file[section]}
    assert written == {(path[0], option.name) for path, _, option in options() if path and path[0] in file.sections}
    assert file["datadir"]["device"] == "/dev/sda1"


def test_the_package_exports_frozen_values_in_order() -> None:
    names = piccolo3.config.__all__
    assert names == sorted(names)
    for name in names:
        exported = getattr(piccolo3.config, name)
        if isinstance(exported, type):
            assert is_dataclass(exported)
            assert fields(exported)
