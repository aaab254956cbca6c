"""Kill the daemon at any moment while it records, start it again, and look whether anything is lost that it had said.

Exits with 1, and says what is wrong, where something is.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from piccolo3.client import Piccolo
from piccolo3.errors import InvalidValue, PiccoloError
from piccolo3.spectrum import loads, parse_file_name
from soak.ports import free_port

INSTRUMENT = """
[channels]
  [[shutter_1]]
    direction = upwelling
  [[shutter_2]]
    direction = downwelling
[spectrometers]
  [[dummy_A]]
    model = STS-VIS
  [[dummy_B]]
    model = STS-VIS
"""
_SERVER = str(Path(sys.executable).with_name("piccolo3-server"))
_RUNS = ("a", "b", "c")
_WHILE_IT_STARTS = 0.2  # of the kills
_LONGEST = 0.8  # s of a batch before it is killed
_PATIENCE = 30.0  # s

Batch = tuple[str, int]


@dataclass(slots=True)
class Kills:
    """What the daemon has said so far: files of sequences that it had stored, numbers of batches, their results."""

    kills: int = 0
    files: set[tuple[str, str]] = field(default_factory=set)
    batches: set[Batch] = field(default_factory=set)
    results: dict[Batch, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    interrupted: int = 0
    leftovers: int = 0

    def stored(self, value: object) -> None:
        """It said that this was stored, and with it what comes before in the same batch."""
        if isinstance(value, Mapping) and value["run"] is not None:
            self.files |= {(value["run"], name) for name in value["files"]}

    def began(self, run: str, number: int) -> None:
        """It has given a number to a batch."""
        if (run, number) in self.batches:
            self.problems.append(f"number {number} of run {run} was given twice")
        self.batches.add((run, number))


async def kills(count: int, seed: int, folder: Path) -> Kills:
    """Kill it so many times; the last start is to look at everything, and ends in an orderly way.

    Ctrl-C ends the killing, not the looking.
    """
    chance, found, enough = random.Random(seed), Kills(), asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, enough.set)
    (folder / "piccolo.config").write_text(INSTRUMENT)
    while found.kills < count and not enough.is_set():
        with _daemon(folder) as (process, url):
            if chance.random() < _WHILE_IT_STARTS:
                await asyncio.sleep(chance.uniform(0.0, 1.0))
            else:
                await _record_and_kill(process, url, chance, found)
            process.kill()
            process.wait()
        found.kills += 1
        _look_at_files(folder, found)
    with _daemon(folder) as (process, url):
        async with _connected(process, url) as client:
            await _look_at_catalogue(client, found)
        process.send_signal(signal.SIGTERM)
        if process.wait(_PATIENCE) != 0:
            found.problems.append("it did not end as it should")
    return found


@contextlib.contextmanager
def _daemon(folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    port = free_port()
    with (folder / "log.txt").open("ab") as log:
        process = subprocess.Popen(
            [_SERVER, "-o", str(folder), "--port", str(port)],
            stderr=log,
            cwd=folder,
            env=os.environ.copy(),
            start_new_session=True,  # Ctrl-C is not for it
        )
    try:
        yield process, f"coap://[::1]:{port}"
    finally:
        process.kill()
        process.wait()


@contextlib.asynccontextmanager
async def _connected(process: subprocess.Popen[bytes], url: str) -> AsyncIterator[Piccolo]:
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            async with Piccolo(url, timeout=0.5):
                break
        except PiccoloError:
            if process.poll() is not None:
                raise RuntimeError(f"the daemon has ended by itself, with status {process.returncode}") from None
            if time.monotonic() > until:
                raise
            await asyncio.sleep(0.02)
    async with Piccolo(url, timeout=10.0) as client:
        yield client


async def _record_and_kill(process: subprocess.Popen[bytes], url: str, chance: random.Random, found: Kills) -> None:
    async with _connected(process, url) as client:
        if found.batches and chance.random() < 0.5:
            await _look_at_catalogue(client, found)
        await _ready(client)
        observer = asyncio.create_task(_observe(client, "data_dir/latest", found))
        try:
            run = chance.choice(_RUNS)
            await client.control.record_sequence(
                run, sequences=chance.choice((1, 3, 100_000)), delay=0, burst=chance.random() < 0.7
            )
            progress = await client.get("control/progress")
            assert isinstance(progress, Mapping)
            found.began(run, int(str(progress["batch"])))
            await asyncio.sleep(chance.uniform(0.0, _LONGEST))
            outcome = await client.get("control/outcome") if chance.random() < 0.5 else None
            if isinstance(outcome, Mapping):
                found.results[str(outcome["run"]), int(str(outcome["batch"]))] = str(outcome["result"])
            process.kill()
        finally:
            observer.cancel()
            await asyncio.wait({observer})


async def _observe(client: Piccolo, path: str, found: Kills) -> None:
    with contextlib.suppress(PiccoloError):
        async for value in client.observe(path):
            found.stored(value)


async def _ready(client: Piccolo) -> None:
    for serial in ("dummy_A", "dummy_B"):
        async with asyncio.timeout(_PATIENCE):
            async for status in client.observe(f"spectrometer/S_{serial}/status"):
                if status == 6:
                    break


def _look_at_files(folder: Path, found: Kills) -> None:
    """What has the name of a data file is one, and complete; what was stored is there."""
    for path in folder.glob("*/*.pico"):
        try:
            spectra = loads(path.read_bytes()).spectra
        except InvalidValue as error:
            found.problems.append(f"{path} is broken: {error.message}")
            continue
        if parse_file_name(path.name) is None or len(spectra) != 4:
            found.problems.append(f"{path} is incomplete")
    for run, name in found.files:
        if not (folder / run / name).is_file():
            found.problems.append(f"{run}/{name} was stored, and is lost")
    found.leftovers = sum(path.is_file() for path in folder.rglob(".lost+found/*"))


async def _look_at_catalogue(client: Piccolo, found: Kills) -> None:
    """It knows all that was stored, and how every batch ended."""
    await _checked(client)
    known = {(entry.run, entry.file) async for entry in client.data_dir.query(page=100)}
    found.problems += [f"the catalogue does not know {run}/{name}" for run, name in found.files - known]
    found.problems += [f"{file['name']} is {file['state']}" async for file in client.data_dir.troubled()]
    batches = [batch async for batch in client.data_dir.batches(page=100)]
    numbers = [(batch.run, batch.batch) for batch in batches]
    found.problems += [f"batch {batch} is not in the catalogue" for batch in found.batches - set(numbers)]
    if len(set(numbers)) < len(numbers):
        found.problems.append("a batch is in the catalogue twice")
    for batch in batches:
        said = found.results.get((batch.run, batch.batch))
        if said is not None and said != batch.result:
            found.problems.append(f"batch {batch.batch} of {batch.run} was {said}, and now is {batch.result}")
        if batch.result is None or (batch.result == "failed" and batch.reason != "interrupted"):
            found.problems.append(f"batch {batch.batch} of {batch.run} is {batch.result}: {batch.reason}")
    found.interrupted = sum(batch.reason == "interrupted" for batch in batches)


async def _checked(client: Piccolo) -> None:
    async with asyncio.timeout(_PATIENCE):
        async for check in client.observe("data_dir/check"):
            if isinstance(check, Mapping) and check["state"] == "complete":
                return


def main() -> int:
    """Do it, and say what came of it."""
    parser = argparse.ArgumentParser(prog="python -m soak.kills", description=__doc__)
    parser.add_argument("--count", type=int, default=500, help="how many times (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 31), help="to have the same moments again")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="an empty one; leave the data and the log there")
    options = parser.parse_args()
    logging.basicConfig(level=logging.CRITICAL)
    with contextlib.ExitStack() as stack:
        folder = options.keep or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder.mkdir(parents=True, exist_ok=True)
        found = asyncio.run(kills(options.count, options.seed, folder))
    for problem in found.problems:
        print(problem)
    print(
        f"seed {options.seed}: {found.kills} kills, {len(found.batches)} batches that were begun, {found.interrupted} "
        f"interrupted, {len(found.files)} files that were acknowledged, {found.leftovers} leftovers of interrupted "
        f"writes, {len(found.problems)} problems"
    )
    return 1 if found.problems else 0


if __name__ == "__main__":
    sys.exit(main())
