"""The tables of a soak, in Markdown, and whether all was well."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from soak.checking import Checker
from soak.faults import BOUND, Happened
from soak.recording import Recording
from soak.resources import Resources
from soak.watch import Watch

__all__ = ["PAGE", "Soak", "page", "problems", "tables"]

PAGE = Path(__file__).parent.parent / "docs" / "reference" / "soak.md"
_HEAD = """\
# An hour of faults

`make soak HOURS=1` runs the daemon on an emulated rig: a QE Pro through cseabreeze, a Flame through pyseabreeze, an STS
through whichever the daemon prefers, two shutters on pins. It records batch after batch, in all modes, with integration
times from 10 to 300 ms at random, while one thing after the other goes wrong, at random, too:

- requests of all kinds that have no answer, half of one, a refusal, garbage, an answer that is late, a transfer that
  fails, hangs, or in the middle of which the plug is pulled or the process dies, some of them in a row, some so that
  only switching the power helps;
- plugs that are pulled and put in again, also so that there is trouble when the spectrometer is opened again;
- power that is lost;
- hosts, their fork server and the process that owns the pins are killed; hosts are stopped, for good or for a moment.

Afterwards every recorded spectrum is compared with what the instruments handed out: all counts (by checksum),
integration time, moment, that it was not recorded before, and the share of the exposure that each shutter was open:
exactly all of it for the channel of a light spectrum, nothing of it else. What is missing must be told by the outcome
of its batch. Every fault has to be over within {bound:.0f} s, and memory, threads, descriptors and processes must not
grow. `make soak` exits with 1 where any of that is not so. `python -m soak` has `--seed`, which repeats the choices,
`--keep FOLDER`, which keeps the data and the log, and `--page`, which writes this page.

The times are from the fault, or from when the plug was put in or the power came again, to all spectrometers being
connected. What "did no harm" was not noticed, or over before anything was asked.

"""
_SLOWEST = 1.0  # s that an answer over CoAP may take
_GROWTH = {"daemon": 4.0, "pins": 1.0}  # MB per hour
_COUNTED = {
    "threads": "threads of the daemon",
    "descriptors": "descriptors of the daemon",
    "pin_descriptors": "descriptors of the pin process",
    "fork_descriptors": "descriptors of the fork server",
    "processes": "processes",
    "zombies": "zombies",
}
_LEAST = 600.0  # s before a slope means something


@dataclass(frozen=True, slots=True, kw_only=True)
class Soak:
    """All that came out of it."""

    seconds: float
    seed: int
    recording: Recording
    checker: Checker
    happened: Sequence[Happened]
    resources: Resources
    watch: Watch
    log_file: Path
    stuck: str | None = None

    @property
    def tracebacks(self) -> int:
        """How many the daemon has written."""
        return self.log_file.read_text(errors="replace").count("Traceback (most recent call last)")


def problems(soak: Soak) -> list[str]:
    """A sentence for everything that should not be."""
    found = [*soak.checker.wrong, *soak.recording.unsaid]
    if soak.stuck is not None:
        found.append(soak.stuck)
    if not soak.checker.spectra:
        found.append("nothing was recorded")
    found += [f"{one.what} of {one.serial} was not over after {BOUND:.0f} s" for one in _unrecovered(soak.happened)]
    if soak.watch.silences:
        found.append(f"the daemon did not answer {soak.watch.silences} times")
    if soak.watch.latencies and max(soak.watch.latencies) > _SLOWEST:
        found.append(f"the daemon took {max(soak.watch.latencies):.2f} s to answer")
    if soak.tracebacks:
        found.append(f"there are {soak.tracebacks} tracebacks in the log")
    return found + list(_leaks(soak))


def _leaks(soak: Soak) -> Iterator[str]:
    resources = soak.resources
    if not resources.samples:
        yield "there was no moment to look for leaks"
        return
    if soak.seconds >= _LEAST:
        for name, most in _GROWTH.items():
            if resources.slope(name) > most:
                yield f"the memory of {name} grows by {resources.slope(name):.1f} MB per hour"
    for name, text in _COUNTED.items():
        if resources.end(name) > resources.beginning(name):
            yield f"{text}: {resources.beginning(name):.0f} to begin with, {resources.end(name):.0f} at the end"


def tables(soak: Soak) -> str:
    """What happened, in Markdown."""
    return "\n\n".join(("\n".join(_summary(soak)), "\n".join(_faults(soak.happened)), "\n".join(_resources(soak))))


def page(soak: Soak) -> str:
    """The page of the documentation."""
    return f"{_HEAD.format(bound=BOUND)}{tables(soak)}\n"


def _summary(soak: Soak) -> Iterator[str]:
    recording, checker, watch = soak.recording, soak.checker, soak.watch
    middle, worst = checker.timing
    latencies = sorted(watch.latencies) or [0.0]
    rows = {
        "time": f"{soak.seconds / 60:.1f} min, seed {soak.seed}",
        "batches": f"{sum(recording.results.values())}: "
        + ", ".join(f"{count} {result}" for result, count in recording.results.most_common()),
        "spectra recorded": ", ".join(f"{serial} {count}" for serial, count in sorted(checker.spectra.items())),
        "wrong spectra": f"{len(checker.wrong)} of {checker.spectra.total()}",
        "spectra that are missing": f"{recording.wanted - recording.recorded} of {recording.wanted}, "
        f"in {recording.with_losses} batches, all of which say what they miss"
        if not recording.unsaid
        else f"{recording.wanted - recording.recorded}; {len(recording.unsaid)} batches do not say so",
        "end of an exposure as recorded and as it was": f"median {middle * 1000:.2f} ms, worst {worst * 1000:.1f} ms",
        "faults": f"{len(soak.happened)}, {len(_unrecovered(soak.happened))} not over within {BOUND:.0f} s",
        "answers over CoAP meanwhile": f"{len(latencies)}, median {statistics.median(latencies) * 1000:.1f} ms, "
        f"worst {latencies[-1] * 1000:.0f} ms, {watch.silences} missing",
        "tracebacks in the log": str(soak.tracebacks),
    }
    yield "| | |\n|---|---|"
    yield from (f"| {name} | {value} |" for name, value in rows.items())


def _faults(happened: Sequence[Happened]) -> Iterator[str]:
    kinds: dict[str, list[Happened]] = defaultdict(list)
    for one in happened:
        kinds[one.what].append(one)
    yield "| fault | times | did no harm | back after: median | worst |\n|---|---|---|---|---|"
    for what, those in [*sorted(kinds.items()), ("all", list(happened))]:
        took = [one.recovery for one in those if one.recovery is not None]
        times = f"{statistics.median(took):.1f} s | {max(took):.1f} s" if took else "| "
        yield f"| {what} | {len(those)} | {len(those) - len(took)} | {times} |"


def _resources(soak: Soak) -> Iterator[str]:
    resources = soak.resources
    yield "| | first samples | last samples | slope |\n|---|---|---|---|"
    if not resources.samples:
        return
    memory = {"daemon": "resident memory of the daemon", "pins": "of the pin process", "together": "PSS of all"}
    for name, text in memory.items():
        begin, end, slope = resources.beginning(name), resources.end(name), resources.slope(name)
        yield f"| {text} | {begin:.1f} MB | {end:.1f} MB | {slope:+.1f} MB/h |"
    for name, text in _COUNTED.items():
        slope = resources.slope(name)
        yield f"| {text} | {resources.beginning(name):.0f} | {resources.end(name):.0f} | {slope:+.1f}/h |"


def _unrecovered(happened: Iterable[Happened]) -> list[Happened]:
    return [one for one in happened if not one.in_time]
