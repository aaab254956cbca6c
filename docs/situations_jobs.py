"""What the scheduler does with jobs: due, missed, failed, halted."""

from __future__ import annotations

from docs.scenario import (
    Situation,
    Step,
    ask,
    bare,
    change,
    every,
    fails,
    moment,
    once,
    others,
    power_cut,
    see_jobs,
    see_next,
    works,
)
from piccolo3.errors import DeviceError
from piccolo3.store.schedule import Once

__all__ = ["SITUATIONS"]

_BROKEN = DeviceError("no spectrometer is available")

SITUATIONS = (
    Situation(
        name="Due while a batch is running",
        happens="It waits for its turn, and is counted as late.",
        steps=(every(1, 600), others("12:05", 720)),
        end="12:25",
        runs=("job 1, 12:10: complete, 12:17 to 12:18, late", "job 1, 12:20: complete, 12:20 to 12:21"),
    ),
    Situation(
        name="Due again while it waits",
        happens="It waits at most its own interval: then its next time waits instead, and both are done in one.",
        steps=(every(1, 600), others("12:05", 1800)),
        end="12:45",
        runs=(
            "job 1, 12:30: complete, 12:35 to 12:36, late, with 2 times before",
            "job 1, 12:40: complete, 12:40 to 12:41",
        ),
    ),
    Situation(
        name="The last time of a job, or the only one, while a batch is running",
        happens="It waits as long as its interval; one that has a single time as long as its grace. Then it is missed.",
        steps=(once(1, "12:10", grace=600), once(2, "12:10", grace=1800), others("12:05", 1500)),
        end="12:45",
        runs=(
            "job 1, 12:10: missed (something else was running)",
            "job 2, 12:10: complete, 12:30 to 12:31, late",
        ),
    ),
    Situation(
        name="Several due together",
        happens="One after the other, by time and then by number; none is lost.",
        steps=(
            every(1, 3600, at="12:10", takes=300),
            every(2, 3600, at="12:10", takes=300),
            once(3, "12:09", takes=300),
        ),
        end="12:40",
        runs=(
            "job 3, 12:09: complete, 12:09 to 12:14",
            "job 1, 12:10: complete, 12:14 to 12:19, late",
            "job 2, 12:10: complete, 12:19 to 12:24, late",
        ),
    ),
    Situation(
        name="Two that are always due",
        happens="The one that has waited longest is next: each has its turn.",
        steps=(every(1, 10, takes=300, at="12:10"), every(2, 10, takes=300, at="12:10")),
        end="12:29",
        runs=(
            "job 1, 12:10: complete, 12:10 to 12:15",
            "job 2, 12:15: complete, 12:15 to 12:20, with 30 times before",
            "job 1, 12:20: complete, 12:20 to 12:25, with 59 times before",
            "job 2, 12:25: running, 12:25 to ?, with 59 times before",
        ),
    ),
    Situation(
        name="Takes longer than its interval",
        happens="It begins again when it has ended; the times in between are done with that, and it is late.",
        steps=(every(1, 600, takes=1500),),
        end="13:01",
        runs=(
            "job 1, 12:10: complete, 12:10 to 12:35",
            "job 1, 12:30: complete, 12:35 to 13:00, late, with 1 time before",
            "job 1, 13:00: running, 13:00 to ?, with 2 times before",
        ),
    ),
    Situation(
        name="Missed while the daemon was down",
        happens="Done when it is up again, if that is not later than its grace.",
        steps=(once(1, "12:10"), every(2, 86400, at="12:11"), power_cut("12:08", 300)),
        end="12:20",
        runs=(
            "job 1, 12:10: complete, 12:13 to 12:14, late",
            "job 2, 12:11: complete, 12:14 to 12:15, late",
        ),
    ),
    Situation(
        name="Missed more than once while the daemon was down",
        happens="Done once, for the last of its times.",
        steps=(every(1, 120, at="12:02", takes=10), power_cut("12:03", 600)),
        end="12:15",
        runs=(
            "job 1, 12:02: complete, 12:02 to 12:02:10",
            "job 1, 12:12: complete, 12:13 to 12:13:10, late, with 4 times before",
            "job 1, 12:14: complete, 12:14 to 12:14:10",
        ),
    ),
    Situation(
        name="Missed, and older than its grace",
        happens="It is missed. Its grace is its own, or the configured one.",
        steps=(once(1, "12:05"), once(2, "12:05", grace=3600), every(3, 3600, at="12:05"), power_cut("12:01", 1200)),
        end="13:10",
        runs=(
            "job 1, 12:05: missed (the daemon was not running)",
            "job 3, 12:05: missed (the daemon was not running)",
            "job 2, 12:05: complete, 12:21 to 12:22, late",
            "job 3, 13:05: complete, 13:05 to 13:06",
        ),
    ),
    Situation(
        name="The power fails during a batch",
        happens="That run has failed, as interrupted; it is not done again, the next one is as planned.",
        steps=(every(1, 600, takes=300), power_cut("12:12", 60)),
        end="12:29",
        runs=("job 1, 12:10: failed, 12:10 to ? (interrupted)", "job 1, 12:20: complete, 12:20 to 12:25"),
    ),
    Situation(
        name="The daemon is stopped during a batch",
        happens="That run is aborted.",
        steps=(
            every(1, 600, takes=300),
            Step("12:12", "the daemon is stopped, and started after 1 min", lambda stage: stage.stopped(60)),
        ),
        end="12:29",
        runs=(
            "job 1, 12:10: aborted, 12:10 to 12:12 (the daemon was stopped)",
            "job 1, 12:20: complete, 12:20 to 12:25",
        ),
    ),
    Situation(
        name="A job fails",
        happens="The next time it is tried again. After three failures in a row (configurable) the operator is told, "
        "and again when it works.",
        steps=(every(1, 600), fails("12:01", 1, _BROKEN, "no spectrometer is available"), works("12:35", 1)),
        end="12:45",
        runs=(
            "job 1, 12:10: failed, 12:10 to 12:11 (no spectrometer is available)",
            "job 1, 12:20: failed, 12:20 to 12:21 (no spectrometer is available)",
            "job 1, 12:30: failed, 12:30 to 12:31 (no spectrometer is available)",
            "job 1, 12:40: complete, 12:40 to 12:41",
        ),
        said=(
            "alarm: job 1 (job 1) has failed 3 times in a row: no spectrometer is available",
            "info: job 1 (job 1) works again, after 3 failures",
        ),
    ),
    Situation(
        name="An error in the program ends a job",
        happens="As any other failure; its traceback is in the log. No other job is touched.",
        steps=(every(1, 600), every(2, 600), fails("12:01", 1, SystemExit("bug"), "an error in the program")),
        end="12:15",
        runs=(
            "job 1, 12:10: failed, 12:10 to 12:11 (error in the program: SystemExit: bug)",
            "job 2, 12:10: complete, 12:11 to 12:12, late",
        ),
    ),
    Situation(
        name="An error in the program ends the scheduler",
        happens="It is restarted within a second, which is counted, and shown to the operator; nothing is lost.",
        steps=(
            every(1, 600),
            Step("12:10:30", "an error in the program ends the task", lambda stage: stage.break_scheduler()),
        ),
        end="12:25",
        runs=("job 1, 12:10: complete, 12:10 to 12:11", "job 1, 12:20: complete, 12:20 to 12:21"),
        said=("alarm: the scheduler was restarted: RuntimeError: broken",),
    ),
    Situation(
        name="The end of a job is reached",
        happens="A time at its end is the last one, then it is done, and no longer among the jobs.",
        steps=(every(1, 600, end="12:20"), see_jobs("12:19"), see_jobs("12:22")),
        end="12:45",
        runs=("job 1, 12:10: complete, 12:10 to 12:11", "job 1, 12:20: complete, 12:20 to 12:21"),
        said=("jobs: 1 active", "jobs: none"),
    ),
    Situation(
        name="Nothing would ever be left to do",
        happens="A job whose only time or whose end is in the past is refused.",
        steps=(
            ask(
                "12:01",
                "job 1: once at 12:00:30",
                lambda scheduler: scheduler.add(bare(Once(at=moment("12:00:30")))),
            ),
        ),
        end="12:02",
        runs=(),
        said=("refused: there is no time left for it: it is 2026-06-21T12:01:00+00:00 already",),
    ),
    Situation(
        name="The same request twice",
        happens="Both are answered with the same job.",
        steps=(every(1, 600), every(1, 600), see_jobs("12:01")),
        end="12:15",
        runs=("job 1, 12:10: complete, 12:10 to 12:11",),
        said=("jobs: 1 active",),
    ),
    Situation(
        name="All is halted",
        happens="`make_safe` does that. No job is started, what was due is missed, also across restarts of the daemon, "
        "until the operator lets them go on.",
        steps=(
            every(1, 600),
            ask("12:05", "halt", lambda scheduler: scheduler.halt("somebody is on the roof")),
            power_cut("12:12", 60),
            see_next("12:14", 1),
            ask("12:25", "resume", lambda scheduler: scheduler.resume()),
        ),
        end="12:35",
        runs=(
            "job 1, 12:20: missed, with 1 time before (halted: somebody is on the roof)",
            "job 1, 12:30: complete, 12:30 to 12:31",
        ),
        said=("next: job 1, 12:20 (halted: somebody is on the roof)",),
    ),
    Situation(
        name="A job is suspended",
        happens="Its times pass without a trace, until it goes on from the next one. What it is doing is done to its "
        "end.",
        steps=(
            every(1, 600, takes=120),
            ask("12:11", "suspend", lambda scheduler: scheduler.suspend(1)),
            ask("12:35", "unsuspend", lambda scheduler: scheduler.unsuspend(1)),
        ),
        end="12:45",
        runs=("job 1, 12:10: complete, 12:10 to 12:12", "job 1, 12:40: complete, 12:40 to 12:42"),
    ),
    Situation(
        name="A job is deleted while it is running",
        happens="What it is doing is done to its end, which is kept.",
        steps=(
            every(1, 600, takes=120),
            ask("12:11", "delete", lambda scheduler: scheduler.delete(1)),
            see_jobs("12:13"),
        ),
        end="12:25",
        runs=("job 1, 12:10: complete, 12:10 to 12:12",),
        said=("jobs: none",),
    ),
    Situation(
        name="Run now",
        happens="It begins at once, beside its times, also in quiet time; while something else is running it is "
        "refused.",
        steps=(
            every(1, 600, takes=120),
            ask("12:05", "run job 1 now", lambda scheduler: scheduler.run_now(1)),
            ask("12:06", "run job 1 now", lambda scheduler: scheduler.run_now(1)),
        ),
        end="12:15",
        runs=("job 1, 12:05: complete, 12:05 to 12:07", "job 1, 12:10: complete, 12:10 to 12:12"),
        said=("refused: job 1 is running",),
    ),
    Situation(
        name="Somebody is quicker",
        happens="A job that can't begin because something else has begun waits on.",
        steps=(
            every(1, 600),
            Step("12:00", "the rig will refuse the first start", lambda stage: stage.refuse_next()),
        ),
        end="12:15",
        runs=("job 1, 12:10: complete, 12:10:01 to 12:11:01, late",),
    ),
    Situation(
        name="The disk takes nothing",
        happens="Jobs are done nevertheless; what came of them is kept as soon as the disk takes it.",
        steps=(
            every(1, 600),
            change("12:05", "the disk is full", disk=False),
            change("12:25", "there is room again", disk=True),
        ),
        end="12:29",
        runs=("job 1, 12:10: complete, 12:10 to 12:11", "job 1, 12:20: complete, 12:20 to 12:21"),
    ),
)
