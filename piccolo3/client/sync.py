"""The client for notebooks and simple scripts: no `async`, no `await`, everything else the same.

::

    from piccolo3.client.sync import Piccolo

    rig = Piccolo("coap://localhost")
    batch = rig.control.record_sequence("morning", sequences=3)
    for progress in batch.progress:
        print(progress.phase)
    result = batch.result()
    rig.close()

Everything happens in a thread of its own, so that it also works where an event loop is running already, as in Jupyter.
Callbacks are called in that thread. `with Piccolo(...) as rig:` closes it in the end. Types are in `sync.pyi`, which is
generated from the asynchronous client.
"""

from __future__ import annotations

from piccolo3.client.blocking import Mirror, Piccolo

__all__ = ["Mirror", "Piccolo"]
