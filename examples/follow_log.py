"""Follow a log file, be killed in the middle of it, and go on: every line counts exactly once.

Run it: `python examples/follow_log.py`
"""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from convgoals import Goal, GoalEngine

GOAL = Goal("Third login", "count(event login) >= 3", count="every")
BATCH = 25  # lines; a thousand is a better number, but leaves no middle to be killed in


def follow(log: Path, store: str) -> None:
    """Take in the log from where the store says that it was read to; print how much each batch changed."""
    engine = GoalEngine([GOAL], store=store, on_change=lambda changes: print(len(changes), flush=True))
    with engine, log.open("rb") as lines:
        lines.seek(int(engine.checkpoint().get("log", 0)))
        while batch := [json.loads(line) for line in itertools.islice(lines, BATCH)]:
            engine.process(batch, checkpoint={"log": lines.tell()})  # facts and position, or neither


def login(number: int) -> dict[str, str]:
    at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=number)
    who = f"user {number * 7 % 100}"
    return {"type": "track", "event": "login", "userId": who, "timestamp": at.isoformat(), "messageId": f"m{number}"}


def main(folder: Path) -> None:
    log, store = folder / "logins.ndjson", f"sqlite:///{(folder / 'goals.db').as_posix()}"
    log.write_text("".join(f"{json.dumps(login(number))}\n" for number in range(5_000)), encoding="utf-8")
    command = [sys.executable, __file__, "follow", str(log), store]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as follower:
        told = [follower.stdout.readline() for _ in range(40)] if follower.stdout else []
        follower.kill()  # SIGKILL: no `finally` runs, nothing is closed
        told += follower.stdout.readlines() if follower.stdout else []
    with GoalEngine(store=store) as engine:
        share = int(engine.checkpoint()["log"]) / log.stat().st_size
        print(f"Killed: {share:.0%} of the log is in the store, with {len(list(engine.ledger()))} completions;")
        print(f"on_change was told of {sum(map(int, told))}: a kill between commit and call leaves some untold.")
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)  # as after any restart
    with GoalEngine(store=store) as engine, GoalEngine([GOAL]) as steady:
        found = [(done.profile_id, done.achieved_at) for done in engine.history()]
        same = found == [(done.profile_id, done.achieved_at) for done in steady.process(map(login, range(5_000)))]
    print(f"Started again: {len(found)} completions, as if it had never been killed: {same}")


if sys.argv[1:2] == ["follow"]:
    follow(Path(sys.argv[2]), sys.argv[3])
else:
    with tempfile.TemporaryDirectory() as folder:
        main(Path(folder))
