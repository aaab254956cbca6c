"""Batches that have a name."""

from __future__ import annotations

from pathlib import Path

import pytest

from piccolo3.config import InstrumentConfig, RecipeConfig, load, show
from piccolo3.errors import ConfigurationError

RIG = """\
[channels]
[[shutter_1]]
direction = downwelling
[[shutter_2]]
direction = upwelling
[spectrometers]
[[dummy_A]]
min_integration_time = 10
max_integration_time = 5000
[[dummy_B]]
"""


def loaded(path: Path, recipes: str, rig: str = RIG) -> InstrumentConfig:
    (path / "piccolo.config").write_text(f"{rig}[recipes]\n{recipes}")
    return load(None, {("datadir", "datadir"): str(path)}).instrument


def problems(path: Path, recipes: str, rig: str = RIG) -> tuple[str, ...]:
    with pytest.raises(ConfigurationError) as caught:
        loaded(path, recipes, rig)
    return tuple(caught.value.problems)


def test_there_need_not_be_any(tmp_path: Path) -> None:
    assert loaded(tmp_path, "").recipes == {}


def test_a_recipe_says_as_much_as_it_likes(tmp_path: Path) -> None:
    text = """\
[[bare]]
[[noon]]
description = light, and much of it
run = noon
sequences = 10
autointegration = 0
delay = 1.5
target = 75
mode = deled
averages = 3
triggered = yes
integration_times = dummy_A:upwelling:250, dummy_A:downwelling:12.5, dummy_B:upwelling:8
[[fast]]
burst = True
integration_times = dummy_A:upwelling:10
"""
    recipes = loaded(tmp_path, text).recipes
    assert list(recipes) == ["bare", "noon", "fast"]
    assert recipes["bare"] == RecipeConfig(name="bare")
    assert recipes["noon"] == RecipeConfig(
        name="noon",
        description="light, and much of it",
        run="noon",
        sequences=10,
        autointegration=0,
        delay=1.5,
        target=75.0,
        mode="deled",
        averages=3,
        triggered=True,
        integration_times={"dummy_A": {"upwelling": 250.0, "downwelling": 12.5}, "dummy_B": {"upwelling": 8.0}},
    )
    assert recipes["fast"].integration_times == {"dummy_A": {"upwelling": 10.0}}


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    text = """\
[[noon]]
sequnces = 3
sequences = 0
delay = -1
mode = delde
run = ../../etc
integration_times = dummi_A:upwelling:250, dummy_A:upwelin:250, dummy_A:upwelling:1
[[evening]]
burst = yes
delay = 2
autointegration = 4
"""
    found = problems(tmp_path, text)
    expected = [
        "line 13: [recipes] [[noon]]: there is no option 'sequnces'; did you mean 'sequences'? (known: description",
        "line 14: [recipes] [[noon]]: sequences = 0: it must be a whole number from 1 to 1000000, or current",
        "line 15: [recipes] [[noon]]: delay = -1: it must be a number from 0 to 86400 s, or current",
        "line 16: [recipes] [[noon]]: mode = delde: it must be classic or dark_each or deled, or current",
        "line 17: [recipes] [[noon]]: run = ../../etc: it must be a name of letters",
        (
            "line 18: [recipes] [[noon]]: integration_times = dummi_A:upwelling:250: "
            "there is no spectrometer 'dummi_A'; did you mean 'dummy_A'? (known: dummy_A, dummy_B)"
        ),
        (
            "line 18: [recipes] [[noon]]: integration_times = dummy_A:upwelin:250: "
            "there is no channel 'upwelin'; did you mean 'upwelling'? (known: downwelling, upwelling)"
        ),
        "line 18: [recipes] [[noon]]: integration_times = dummy_A:upwelling:1: it is below min_integration_time = 10",
        "line 21: [recipes] [[evening]]: delay = 2: with burst there is none",
        "line 22: [recipes] [[evening]]: autointegration = 4: with burst it is done once (0) or never (-1)",
    ]
    assert len(found) == len(expected)
    for said, wanted in zip(found, expected, strict=True):
        assert wanted in said


@pytest.mark.parametrize(
    ("recipe", "problem"),
    [
        ("[[a b]]\n", "there is no section 'a b'; it must be a name of letters"),
        ("sequences = 3\n", "there is no option 'sequences'; it belongs into [recipes] [[<recipe>]]"),
        ("[[a]]\n[[[b]]]\n", "there is no section 'b'"),
        ("[[a]]\nintegration_times = 250\n", "it must be a list, separated by commas, of SERIAL:CHANNEL:TIME"),
        ("[[a]]\nintegration_times = ,\n", "it must be a list"),
        ("[[a]]\nintegration_times = dummy_A:upwelling:-1\n", "it must be a list"),
        ("[[a]]\nintegration_times = dummy_A:upwelling:1e3\n", "it must be a list"),
        ("[[a]]\nintegration_times = dummy_A:upwelling:5001\n", "it is above max_integration_time = 5000"),
        ("[[a]]\nintegration_times = dummy_A:upwelling:50, dummy_A:upwelling:60\n", "it is there twice"),
    ],
)
def test_nonsense(tmp_path: Path, recipe: str, problem: str) -> None:
    (found,) = problems(tmp_path, recipe)
    assert problem in found


def test_a_mode_needs_its_channels(tmp_path: Path) -> None:
    rig = RIG.replace("downwelling", "sky")
    (found,) = problems(tmp_path, "[[a]]\nmode = deled\n", rig)
    assert "mode = deled: it needs channels named downwelling and upwelling" in found


def test_what_is_shown_can_be_read_again(tmp_path: Path) -> None:
    (tmp_path / "piccolo.config").write_text(
        f"{RIG}[recipes]\n[[noon]]\nsequences = 3\nintegration_times = dummy_A:upwelling:50\n[[other]]\n"
    )
    configuration = load(None, {("datadir", "datadir"): str(tmp_path)})
    text = show(configuration).partition("# instrument")[2].partition("\n")[2]
    (tmp_path / "piccolo.config").write_text(text)
    again = load(None, {("datadir", "datadir"): str(tmp_path)})
    assert again.instrument.recipes == configuration.instrument.recipes


def test_the_rig_of_the_demo_has_examples(tmp_path: Path) -> None:
    shipped = Path(__file__).parents[3] / "pdata"
    recipes = load(None, {("datadir", "datadir"): str(shipped)}).instrument.recipes
    assert recipes["noon"].mode == "deled"
    assert all(recipe.description for recipe in recipes.values())
