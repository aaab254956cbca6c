"""The table in docs/reference/scheduling.md, played."""

from __future__ import annotations

from pathlib import Path

import pytest

import docs.scheduling
from docs.scenario import Situation, moment, told
from docs.scheduling import SITUATIONS
from tests.schedule_world import World, play

_BRIEF = (  # the clock is wrong for so short a while that it may not be noticed where nobody tells
    "The clock is wrong for a while",
    "The end of a job is reached while the clock is ahead",
)


async def _perform(world: World, situation: Situation) -> None:
    begin = world.clock.monotonic()
    start = moment(situation.start)

    async def until(text: str) -> None:
        left = (moment(text) - start).total_seconds() - (world.clock.monotonic() - begin)
        await world.clock.asleep(max(0.0, left))

    for step in situation.steps:
        await until(step.at)
        doing = step.do(world)
        if doing is not None:
            await doing
    await until(situation.end)
    await world.clock.asleep(0.001)  # what is due at the end has begun


def _said(world: World) -> tuple[str, ...]:
    alarms = [f"{level}: {message}" for level, message in world.notes if level == "alarm" or "works again" in message]
    power = [] if world.power is None else [f"power {word} at {when:%H:%M}" for word, when in world.power.switched]
    return tuple(world.said + alarms + power)


@pytest.mark.parametrize(
    ("situation", "tells"),
    [
        pytest.param(situation, tells, id=f"{situation.name} ({'' if tells else 'un'}told)")
        for situation in SITUATIONS
        for tells in (True, False)
        if tells or situation.name not in _BRIEF
    ],
)
def test_it_happens_as_it_is_written(situation: Situation, tells: bool) -> None:
    async def scene(world: World) -> tuple[tuple[str, ...], tuple[str, ...]]:
        world.tells = tells
        await _perform(world, situation)
        return tuple(map(told, world.rows)), _said(world)

    runs, said = play(scene, moment(situation.start), warm_up=600 if situation.power else None)
    assert runs == situation.runs
    assert said == situation.said


def test_the_page_is_that_of_the_code() -> None:
    written = (Path(docs.scheduling.__file__ or "").parent / "reference" / "scheduling.md").read_text(encoding="utf-8")
    assert docs.scheduling.page() == written, "run `make docs`"


def test_every_situation_has_a_name_of_its_own() -> None:
    assert len({situation.name for situation in SITUATIONS}) == len(SITUATIONS)
