"""What the daemon and its processes take: memory, threads, descriptors, processes, sampled while all is well."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil

__all__ = ["Resources", "Sample"]

_FIRST = 0.2  # of all samples: caches are being filled


@dataclass(frozen=True, slots=True)
class Sample:
    """At a moment (monotonic, s): resident memory of the daemon and of the pin process, PSS of all processes (MB)."""

    moment: float
    daemon: float
    pins: float
    together: float
    threads: int
    descriptors: int
    pin_descriptors: int
    fork_descriptors: int
    processes: int
    zombies: int


class Resources:
    """Samples of the process `daemon` and of its children."""

    def __init__(self, daemon: int) -> None:
        self.samples: list[Sample] = []
        self._daemon = psutil.Process(daemon)

    def sample(self, moment: float) -> None:
        """Take one; none where a process ends in between."""
        try:
            self.samples.append(self._sample(moment))
        except (psutil.Error, OSError, ValueError):
            return

    def slope(self, name: str) -> float:
        """How fast it grows, per hour, by a straight line through all but the first samples."""
        late = self.samples[round(len(self.samples) * _FIRST) :]
        if len(late) < 3:
            return 0.0
        hours = [sample.moment / 3600 for sample in late]
        return float(np.polyfit(np.array(hours) - hours[0], [getattr(sample, name) for sample in late], 1)[0])

    def beginning(self, name: str) -> float:
        """The most of the first samples."""
        return float(max(getattr(sample, name) for sample in self.samples[: self._some()]))

    def end(self, name: str) -> float:
        """The least of the last samples: a leak stays."""
        return float(min(getattr(sample, name) for sample in self.samples[-self._some() :]))

    def _some(self) -> int:
        return max(1, round(len(self.samples) * _FIRST))

    def _sample(self, moment: float) -> Sample:
        daemon = self._daemon
        children = daemon.children(recursive=True)
        pins = next(child for child in children if "piccolo3.pins" in child.cmdline())
        fork = next(child for child in children if child.name() == "piccolo3 hosts" and child.ppid() == daemon.pid)
        return Sample(
            moment=moment,
            daemon=daemon.memory_info().rss / 1e6,
            pins=pins.memory_info().rss / 1e6,
            together=sum(_pss(process.pid) for process in (daemon, *children)) / 1e3,
            threads=daemon.num_threads(),
            descriptors=daemon.num_fds(),
            pin_descriptors=pins.num_fds(),
            fork_descriptors=fork.num_fds(),
            processes=1 + len(children),
            zombies=sum(child.status() == psutil.STATUS_ZOMBIE for child in children),
        )


def _pss(pid: int) -> int:
    """kB, of what is shared only the part that falls to it."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    return int(text.partition("Pss:")[2].split()[0])
