"""One SQLite file keeps everything: stop at any moment, open it again, and go on where you were.

Run it: `python examples/durable.py`
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from convgoals import Event, Goal, GoalEngine

BATCH = 2
GOALS = [Goal("Regular", "count(event login in last 30 days) >= 3")]

# Stands for a file, a queue or a table that is read from a position on.
LOG = [
    Event("login", "ann", "2026-02-01T08:00:00Z", id="1"),
    Event("login", "bob", "2026-02-02T08:00:00Z", id="2"),
    Event("login", "ann", "2026-02-03T08:00:00Z", id="3"),
    Event("login", "bob", "2026-02-20T08:00:00Z", id="4"),
    Event("login", "ann", "2026-02-21T08:00:00Z", id="5"),
    Event("login", "bob", "2026-03-15T08:00:00Z", id="6"),
]


def run(store: str, batches: int) -> None:
    """Read at most that many batches of the log, from where the last run stopped."""
    with GoalEngine(GOALS, store=store) as engine:  # goals that are saved already are not saved again
        start = int(engine.checkpoint().get("login log", 0))
        print(f"Opened: {start} of {len(LOG)} facts have been read")
        for at in range(start, min(start + batches * BATCH, len(LOG)), BATCH):
            part = LOG[at : at + BATCH]
            # Facts, completions and position are kept together or not at all.
            changes = engine.process(part, checkpoint={"login log": at + len(part)})
            print(f"  read up to {at + len(part)}: {[change.profile_id for change in changes]} converted")


with tempfile.TemporaryDirectory() as folder:
    store = f"sqlite:///{Path(folder).as_posix()}/goals.db"
    run(store, batches=1)  # … and here the machine is switched off
    run(store, batches=9)
    run(store, batches=9)  # nothing is left to read

    with GoalEngine(store=store) as engine:  # who only asks needs no goals: the file has them
        for done in engine.history():
            print(f"{done.profile_id} completed {done.goal!r} on {done.achieved_at:%d %B %Y}")
