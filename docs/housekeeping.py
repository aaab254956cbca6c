"""The page about housekeeping, from the table of quantities."""

from __future__ import annotations

from piccolo3.quantities import QUANTITIES, Quantity

__all__ = ["page"]

_HEAD = """\
# Housekeeping

Every minute (`interval` in the section [`[housekeeping]`](configuration.md) of the instrument file), also when nothing
is recorded, the daemon looks at itself and at the machine that carries it. A sample has a value for everything below;
what a machine does not know is empty (`null`): a laptop has no under-voltage flags, a spectrometer that is not
connected no temperature.

| quantity | unit | what it is | warns | alarm |
|---|---|---|---|---|
{rows}

Flags are 0 or 1. Of what there are several, the name has another part: `detector_temperature/QEP00114`,
`shutter_operations/upwelling`.

## Where it is

- `sysinfo/housekeeping` is the last sample: `{{"time": ..., "values": {{...}}}}`; `Piccolo.sysinfo.housekeeping()` in
  Python.
- The table `housekeeping` of the [catalogue](catalogue.md) has all samples of the last `keep_days` (30), and one for
  each `thinned_interval` (10 minutes) of what is older. `data_dir/housekeeping` answers with pages of them, the newest
  first, from `since` to before `until`, all values or those with the given `names`; in Python that is
  `Piccolo.data_dir.housekeeping()`. `piccolo3-data housekeeping DIR` writes them as CSV.
- `.housekeeping/YYYY-MM-DD.csv` in the data directory has those of a day (UTC): the time and one column for each value.
  The dot keeps the folder from being taken for a run, and hides it in most file managers. When the spectrometers or
  channels have changed since the day began, the rest of it is in `YYYY-MM-DD_2.csv`.

While the disk does not take them, samples wait in memory, those of the last day at an interval of a minute.

## Limits

A value at its limit or beyond it is worth a warning or an alarm; limits are options, `never` means none:

```
[housekeeping]
  interval = 60
  [[shutter_operations]]
    warn = 1000000
  [[clock_synchronised]]
    warn = never
```

Each change is one event: in the log, in the table `events` of the catalogue (kind `health`), and in `sysinfo/health`,
which can be observed:

```json
{{"status": "warn", "sentences": ["the processor has 71 degrees C"], "omitted": 0}}
```

`status` is `ok`, `warn` or `alarm`, the worst sentence is the first one, and those that don't fit into one datagram are
only counted, as `omitted`. `Piccolo.sysinfo.health()` asks for it in Python. So that a value that wanders about its
limit is not told again and again, it has to come back by its hysteresis before it is fine: {hystereses}.

<!-- Written by `python -m docs.generate`; the table is in piccolo3/quantities.py. -->
"""


def page() -> str:
    """The page, in Markdown."""
    hystereses = [
        f"`{quantity.name}` {quantity.hysteresis:g} {quantity.unit}".rstrip()
        for quantity in QUANTITIES
        if quantity.hysteresis
    ]
    return _HEAD.format(rows="\n".join(map(_row, QUANTITIES)), hystereses=", ".join(hystereses))


def _row(quantity: Quantity) -> str:
    name = quantity.name if quantity.per is None else f"{quantity.name}/{quantity.per}"
    unit = {"flag": "flag", "text": "text", "number": quantity.unit}[quantity.kind]
    limits = [_limit(quantity, limit) for limit in (quantity.limits.warn, quantity.limits.alarm)]
    return f"| `{name}` | {unit} | {quantity.text} | {limits[0]} | {limits[1]} |"


def _limit(quantity: Quantity, limit: float | None) -> str:
    if quantity.side is None:
        return ""
    if limit is None:
        return "never"
    if quantity.kind == "flag":
        return f"when {limit:g}"
    return f"{quantity.side} {limit:g}"
