"""Let the daemon record on emulated instruments while one thing after the other goes wrong, then look at everything.

What was recorded has to be what the instruments handed out, nothing may leak, and every fault has to be got over.
Exits with 1, and says why, where that is not so.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from emulators import EmulatedRig
from piccolo3.client import Piccolo
from piccolo3.errors import PiccoloError
from soak.checking import Checker
from soak.faults import Happened, Injector
from soak.recording import Recording
from soak.report import PAGE, Soak, page, problems, tables
from soak.resources import Resources
from soak.rig import Rig, daemon, instruments
from soak.watch import Watch, named, watched

_READY = 60.0  # s until all spectrometers are connected
_QUIET = (2.0, 9.0)  # s between two faults
_PAUSE = (0.2, 1.5)  # s between two batches
_SERIALS = ("FLMS00001", "QEP00001", "S00001")


async def soak(seconds: float, seed: int, folder: Path, emulated: EmulatedRig) -> Soak:
    """Do it, for so long."""
    chance = random.Random(seed)
    async with (
        daemon(folder, emulated.environment) as rig,
        Piccolo(rig.url) as client,
        watched(client, _SERIALS) as watch,
    ):
        if not await watch.until(lambda: watch.all_running, _READY):
            raise RuntimeError(f"the rig is not ready: {named(watch.states)}")
        checker = Checker(emulated, _SERIALS)
        recording = Recording(client, _SERIALS, folder, checker, random.Random(chance.random()))
        injector = Injector(emulated, watch, rig.process.pid, random.Random(chance.random()))
        resources = Resources(rig.process.pid)
        begin = time.monotonic()
        stuck = await _both(begin + seconds, chance, recording, injector, resources, watch)
        return Soak(
            seconds=time.monotonic() - begin,
            seed=seed,
            recording=recording,
            checker=checker,
            happened=injector.happened,
            resources=resources,
            watch=watch,
            log_file=rig.log_file,
            stuck=stuck or _ended(rig),
        )


def _ended(rig: Rig) -> str | None:
    return None if rig.process.poll() is None else "the daemon ended by itself"


async def _both(
    end: float, chance: random.Random, recording: Recording, injector: Injector, resources: Resources, watch: Watch
) -> str | None:
    """Record and spoil until the end; a sentence if something came to a stop."""
    spoiling = asyncio.create_task(_spoil(end, chance, injector, watch))
    try:
        while time.monotonic() < end or not spoiling.done():
            await recording.one()
            if watch.all_running and not injector.under_way:
                resources.sample(time.monotonic())
            await asyncio.sleep(chance.uniform(*_PAUSE))
        await spoiling
        await recording.one()
        resources.sample(time.monotonic())
    except (PiccoloError, OSError, EOFError, TimeoutError) as error:
        return f"the batch did not come to an end: {type(error).__name__} {error}"
    finally:
        spoiling.cancel()
        await asyncio.gather(spoiling, return_exceptions=True)
    return None


async def _spoil(end: float, chance: random.Random, injector: Injector, watch: Watch) -> None:
    while time.monotonic() < end:
        await asyncio.sleep(chance.uniform(*_QUIET))
        if (happened := await injector.one()) is not None:
            _say(happened, watch)


def _say(one: Happened, watch: Watch) -> None:
    back = "no harm" if one.recovery is None else f"back after {one.recovery:.1f} s"
    print(
        f"{time.strftime('%H:%M:%S')} {one.serial} {one.what}: {back if one.in_time else named(watch.states)}",
        flush=True,
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit status."""
    parser = argparse.ArgumentParser(prog="python -m soak", description=__doc__)
    parser.add_argument("--hours", type=float, default=1.0)
    parser.add_argument("--minutes", type=float, help="instead of --hours")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 31))
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="leave the data and the log there")
    parser.add_argument("--page", action="store_true", help=f"write the tables to {PAGE.name}")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.ERROR)
    seconds = 3600 * options.hours if options.minutes is None else 60 * options.minutes
    with contextlib.ExitStack() as stack:
        folder = options.keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="soak-")))
        if options.keep is not None:
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
        emulated = stack.enter_context(instruments(folder))
        found = asyncio.run(soak(seconds, options.seed, folder, emulated))
        wrong = problems(found)
        print(f"\n{tables(found)}\n")
        if options.page:
            PAGE.write_text(page(found), encoding="utf-8")
        print("\n".join(f"PROBLEM: {text}" for text in wrong) or "all is well")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
