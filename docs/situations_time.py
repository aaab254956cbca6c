"""What the scheduler does about quiet time, clocks and the sun."""

from __future__ import annotations

from docs.scenario import Situation, change, clock, every, job, once, others, quiet, see_jobs, see_next
from piccolo3.position import Position
from piccolo3.store.schedule import ByCron, BySun

__all__ = ["SITUATIONS"]

_LONGYEARBYEN = Position(latitude=78.22, longitude=15.65)
_LONDON = Position(latitude=51.5, longitude=-0.12)

SITUATIONS = (
    Situation(
        name="Due in quiet time",
        happens="It is not done; all times in one quiet time are one row, which is written after it.",
        steps=(quiet("12:15", "12:55"), every(1, 600), see_next("12:01", 3)),
        end="13:05",
        runs=(
            "job 1, 12:10: complete, 12:10 to 12:11",
            "job 1, 12:50: quiet, with 3 times before (quiet time)",
            "job 1, 13:00: complete, 13:00 to 13:01",
        ),
        said=(
            "next: job 1, 12:10",
            "next: job 1, 12:20 (quiet time until 12:55 UTC)",
            "next: job 1, 13:00",
        ),
    ),
    Situation(
        name="Quiet time begins during a batch",
        happens="The batch ends properly.",
        steps=(quiet("12:15", "12:25"), every(1, 1200, at="12:10", takes=600)),
        end="12:41",
        runs=("job 1, 12:10: complete, 12:10 to 12:20", "job 1, 12:30: complete, 12:30 to 12:40"),
    ),
    Situation(
        name="Quiet time begins while a job waits",
        happens="It is not begun any more.",
        steps=(quiet("12:15", "12:25"), every(1, 1200, at="12:10"), others("12:05", 720)),
        end="12:35",
        runs=(
            "job 1, 12:10: quiet (it had to wait until quiet time had begun)",
            "job 1, 12:30: complete, 12:30 to 12:31",
        ),
    ),
    Situation(
        name="A job that ignores quiet time",
        happens="It is done. Jobs that switch the power do so, too.",
        steps=(quiet("12:05", "12:55"), every(1, 1200, ignores_quiet_time=True), every(2, 1200)),
        end="12:30",
        runs=("job 1, 12:20: complete, 12:20 to 12:21",),
    ),
    Situation(
        name="Power-off time",
        happens="Spectrometers are switched off `powerDelay` after quiet time begins, and on as long before it ends, "
        "or earlier where they take longer to be warm: 10 min in this rig. A batch that is under way ends first.",
        steps=(quiet("12:15", "13:15", power_off=True, power_delay=300), others("12:10", 840)),
        end="14:00",
        runs=(),
        said=("power off at 12:24", "power on at 13:05"),
        power=True,
    ),
    Situation(
        name="Nothing is left of the power-off time",
        happens="Where the delays eat it all the spectrometers stay on.",
        steps=(quiet("12:15", "12:35", power_off=True, power_delay=600),),
        end="14:00",
        runs=(),
        power=True,
    ),
    Situation(
        name="The clock can't be trusted",
        happens="Jobs wait until it can; then it is as if the daemon had been down until then.",
        steps=(
            every(1, 600),
            once(2, "12:16"),
            change("12:05", "the clock is not to be trusted any more", trusted=False),
            change("12:18", "the clock is to be trusted again", trusted=True),
        ),
        end="12:25",
        runs=(
            "job 1, 12:10: complete, 12:18 to 12:19, late",
            "job 2, 12:16: complete, 12:19 to 12:20, late",
            "job 1, 12:20: complete, 12:20 to 12:21",
        ),
    ),
    Situation(
        name="The clock is set forward",
        happens="As if the daemon had been down in between: each job is done once at most, however large the step is.",
        steps=(every(1, 600), once(2, "12:30"), clock("12:05", "2027-06-21 12:12")),
        end="12:15",
        runs=(
            "job 2, 12:30: missed (the clock was set from 2026-06-21T12:05:00+00:00 to 2027-06-21T12:12:00+00:00)",
            "job 1, 2027-06-21 12:10: complete, 2027-06-21 12:12 to 2027-06-21 12:13, late, with 52560 times before",
            "job 1, 2027-06-21 12:20: complete, 2027-06-21 12:20 to 2027-06-21 12:21",
        ),
    ),
    Situation(
        name="The clock is set back, by much",
        happens="The times that come now are others than those that were done: no job waits until the old time comes "
        "again.",
        steps=(every(1, 600, at="2026-01-01 12:00"), clock("12:15", "2026-03-21 12:05")),
        end="12:35",
        runs=(
            "job 1, 12:10: complete, 12:10 to 12:11",
            "job 1, 2026-03-21 12:10: complete, 2026-03-21 12:10 to 2026-03-21 12:11",
            "job 1, 2026-03-21 12:20: complete, 2026-03-21 12:20 to 2026-03-21 12:21",
        ),
    ),
    Situation(
        name="The clock is set back, by little",
        happens="What was done shortly before is not done again, as long as that is less than half of the interval "
        "(and less than an hour) ago.",
        steps=(every(1, 600), once(2, "12:10"), clock("12:12", "12:09:58")),
        end="12:30",
        runs=(
            "job 1, 12:10: complete, 12:10 to 12:11",
            "job 2, 12:10: complete, 12:11 to 12:09:58, late",
            "job 1, 12:20: complete, 12:20 to 12:21",
        ),
    ),
    Situation(
        name="The end of a job is reached while the clock is ahead",
        happens="When the clock is set right the job is taken up again.",
        steps=(
            every(1, 600, end="13:00"),
            clock("12:11:30", "2027-06-21 12:12"),
            see_jobs("12:17"),
            clock("12:18", "12:18"),
            see_jobs("12:24"),
        ),
        end="12:25",
        runs=(
            "job 1, 12:10: complete, 12:10 to 12:11",
            (
                "job 1, 13:00: missed, with 4 times before "
                "(the clock was set from 2026-06-21T12:11:30+00:00 to 2027-06-21T12:12:00+00:00)"
            ),
            "job 1, 12:20: complete, 12:20 to 12:21",
        ),
        said=("jobs: none", "jobs: 1 active"),
    ),
    Situation(
        name="The clock is wrong for a while",
        happens="When it is right again jobs go on where they were.",
        steps=(every(1, 600), clock("12:11:30", "2027-06-21 12:12"), clock("12:14", "12:14")),
        end="12:25",
        runs=(
            "job 1, 12:10: complete, 12:10 to 12:11",
            "job 1, 2027-06-21 12:10: complete, 2027-06-21 12:12 to 2027-06-21 12:13, late, with 52559 times before",
            "job 1, 12:20: complete, 12:20 to 12:21",
        ),
    ),
    Situation(
        name="By the sun",
        happens="From sunrise to sunset, the first time at sunrise. Where the sun does not set a day begins at solar "
        "midnight; where it does not rise there is none.",
        steps=(
            change("12:00", "the rig is in London", position=_LONDON),
            job("12:00", 1, BySun(seconds=6 * 3600, rise_offset=1800), "every 6 h from 30 min after sunrise to sunset"),
            see_next("12:01", 3),
        ),
        end="12:02",
        runs=(),
        said=("next: job 1, 16:13:06", "next: job 1, 2026-06-22 04:13:20", "next: job 1, 2026-06-22 10:13:20"),
    ),
    Situation(
        name="By the sun, in a polar night",
        happens="There is a next time when the sun comes back.",
        start="2026-11-21 12:00",
        steps=(
            change("2026-11-21 12:00", "the rig is in Longyearbyen", position=_LONGYEARBYEN),
            job("2026-11-21 12:00", 1, BySun(seconds=3600), "every hour from sunrise to sunset"),
            see_next("2026-11-21 12:01", 1),
        ),
        end="2026-11-21 12:02",
        runs=(),
        said=("next: job 1, 2027-02-16 10:20:58",),
    ),
    Situation(
        name="By the sun, while the position is not known",
        happens="It waits for a position.",
        steps=(
            job("12:00", 1, BySun(seconds=6 * 3600), "every 6 h from sunrise to sunset"),
            see_next("12:01", 1),
            change("12:02", "a receiver says that the rig is in London", position=_LONDON),
            see_next("12:03", 1),
        ),
        end="12:04",
        runs=(),
        said=("next: job 1, 15:43:06",),
    ),
    Situation(
        name="Summer time begins or ends",
        happens="A cron expression in a time zone with summer time: a time that does not exist is moved to the next "
        "one that does; one that comes twice is done once.",
        start="2026-03-28 12:00",
        steps=(
            job(
                "2026-03-28 12:00",
                1,
                ByCron(expression="30 2 * * *", timezone="Europe/Berlin"),
                "at 2:30 in Berlin, where clocks go from 2:00 to 3:00 on 29 March",
            ),
            see_next("2026-03-28 12:01", 2),
        ),
        end="2026-03-28 12:02",
        runs=(),
        said=("next: job 1, 2026-03-29 01:00", "next: job 1, 2026-03-30 00:30"),
    ),
)
