"""The lives of engines: whatever befalls one, it gives the completions of the reference evaluator.

`Life` does to an engine and to plain dicts what it is told, and compares. In `tests/engine/test_life.py` Hypothesis
tells it, and shrinks what fails. For the long run, ``python tests/lives.py --lives 20000 --pool 1500 --seed 7`` tells
it at random, from goals and facts that Hypothesis has drawn beforehand, which is much faster; what fails is made
shorter and printed. One life is one example: a log and an interleaving of its own, held to the reference after each of
its up to seventeen steps. With ``--by-months`` facts lie where months are clipped, and a month later. Goals come from
the pool of the seed, so a long run is better made of several seeds.
"""

# ruff: noqa: T201  a command, too

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

import attrs
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from convgoals import Event, Goal, GoalEngine
from convgoals.engine import fold, long_logs, restoring, rungs
from convgoals.engine.states import Saved, read, write
from convgoals.engine.trimming import event_types
from convgoals.instants import BEGINNING, DAY, Shift, to_datetime, to_instant
from convgoals.language.condition import Condition
from convgoals.records import Fact
from convgoals.storage.base import NO_STATE, Batch, ProfileChange, Store
from convgoals.storage.memory import MemoryStore
from convgoals.storage.open import open_store
from convgoals.testing import logs, strategies
from convgoals.testing.reference import evaluate

PROFILES = ("p", "q", "r")
COUNTING = st.sampled_from(("once", "every", "every", "once per 1 day", "once per month", "once per x"))
ZONES = st.sampled_from(("UTC", "UTC", "America/New_York"))


@st.composite
def goals(draw: Any, name: str) -> Goal:
    """A goal of any shape, nested up to three deep."""
    depth = draw(st.sampled_from((1, 1, 2, 3)))
    return Goal(
        name,
        Condition(draw(strategies.goal_conditions(max_depth=depth))),
        count=draw(COUNTING),
        timezone=draw(ZONES),
        value=draw(st.sampled_from((None, 5, "x"))),
        since=draw(st.sampled_from((None, None, None, "2026-01-02"))),
    )


def essence(completion: Any) -> tuple[object, ...]:
    """A completion without what arrival, or a goal's life, decides."""
    found = attrs.asdict(completion)
    for arrival in ("recorded_at", "version", "goal", "profile_id"):
        del found[arrival]
    return tuple(found.values())


def shorten_steps(patch: Callable[[Any, str, Any], None]) -> None:
    """Have every second fact be a step, and every second step be saved, so that short logs have many of them."""
    for module in (fold, rungs, restoring):
        patch(module, "STEP", 2)
    patch(rungs, "size", lambda cells: 0)
    patch(long_logs, "SAVE", 4)


class Life:
    """An engine, and what it should know.

    Args:
        in_file: whether its store is a file of SQLite, or memory.
        is_short: whether facts may come only a day late; the ids of what is then no longer kept are forgotten, so each
            fact must have an id of its own, and what can only look at what is kept is left out once it is not all.
        keeps_all: whether all facts are kept, or only the relevant ones.
    """

    def __init__(self, *, in_file: bool, is_short: bool, keeps_all: bool = True) -> None:
        self.is_short = is_short
        self.keeps_all = keeps_all
        self.passed: dict[str, int] = {}  # the latest of each profile's facts that were not kept
        self.folder = tempfile.TemporaryDirectory() if in_file else None
        self.store: Store = MemoryStore()
        self.logs: dict[str, dict[str, dict[str, Fact]]] = {}  # by goal, then profile: what the goal sees
        self.everybody: dict[str, dict[str, Fact]] = {}
        self.aliases: dict[str, str] = {}
        self.live: dict[str, Goal] = {}
        self.archived: dict[str, Goal] = {}
        self.clock: datetime | None = None
        self.reached = self.floor = BEGINNING
        self.heard: list[Any] = []
        self.answers: dict[tuple[str, str], tuple[object, list[Any], object]] = {}
        self.number = 0
        self.events: Counter[str] = Counter()
        self._open()

    def _open(self) -> None:
        if self.folder is not None:
            self.store = open_store(f"sqlite:///{self.folder.name}/goals.db")
        self.engine = GoalEngine(
            store=self.store,
            keep="all" if self.keeps_all else "relevant",
            lateness="1 day" if self.is_short else None,
            on_change=self.heard.extend,
        )

    def close(self) -> None:
        self.engine.close()
        if self.folder is not None:
            self.folder.cleanup()

    def _announced(self, changes: list[Any]) -> None:
        """Callbacks hear just what calls return."""
        assert self.heard == changes
        self.heard.clear()

    @property
    def is_whole(self) -> bool:
        """Whether all facts are kept."""
        stored = self.store.load(list(self.store.profile_ids()))
        return not any(read(each.state).final for each in stored.values())

    # ---- facts and time

    def _taken(self, facts: Sequence[Fact]) -> list[Fact]:
        """Those that do not come too late."""
        kept = []
        for fact in facts:
            if fact.instant > self.reached:
                self.reached = fact.instant
            elif self.is_short and (fact.instant < self.floor or fact.instant + DAY < self.reached):
                self.events["rejected"] += 1
                continue
            kept.append(fact)
        return kept

    def _keep(self, seen: Sequence[dict[str, dict[str, Fact]]], facts: Sequence[Fact]) -> None:
        for fact in facts:
            profile = self.aliases.get(fact.profile_id, fact.profile_id)
            for log in seen:
                log.setdefault(profile, {}).setdefault(str(fact.id), fact)

    def _relevant(self, facts: Sequence[Fact], goals: Collection[Goal]) -> list[Fact]:
        """Those that one of *goals* looks at, or that are no events; the others only move their profile's time."""
        types = frozenset[str]().union(*map(event_types, goals))
        kept, new = [], set[tuple[str, str | None]]()
        for fact in facts:
            profile = self.aliases.get(fact.profile_id, fact.profile_id)
            if self.keeps_all or not isinstance(fact, Event) or fact.type in types:
                kept.append(fact)
                new.add((profile, fact.id))
            elif fact.id not in self.everybody.get(profile, ()) and (profile, fact.id) not in new:
                self.passed[profile] = max(fact.instant, self.passed.get(profile, BEGINNING))
        return kept

    def _own(self, facts: Sequence[Fact]) -> list[Fact]:
        if not self.is_short:
            return list(facts)
        self.number += len(facts)
        return [attrs.evolve(fact, id=f"{n % 7}-{self.number - n}") for n, fact in enumerate(facts)]

    def process(self, facts: Sequence[Fact]) -> None:
        mine = self._own(facts)
        self._announced(self.engine.process(mine))
        self._keep([self.everybody, *self.logs.values()], self._relevant(self._taken(mine), self.live.values()))

    def known(self) -> list[Fact]:
        return [fact for log in self.everybody.values() for fact in log.values()]

    def say_again(self, facts: Sequence[Fact]) -> None:
        self._announced(self.engine.process(facts))
        self._keep([self.everybody, *self.logs.values()], self._relevant(self._taken(facts), self.live.values()))

    def advance(self, hours: int) -> None:
        now = logs.START + timedelta(hours=hours)
        self._announced(self.engine.advance(now))
        self.clock = now if self.clock is None else max(now, self.clock)
        self.reached = max(self.reached, to_instant(now))

    # ---- the engine itself

    def restart(self) -> None:
        if self.folder is not None:
            self.engine.close()
        self._open()

    def drop_states(self) -> None:
        """Delete what is saved, but for what is final, and what is at hand: nothing changes but time."""
        for profile_id, stored in self.store.load(list(self.store.profile_ids())).items():
            final = read(stored.state).final
            self.events["dropped states"] += stored.state is not None
            state = write(Saved(final)) if final else NO_STATE
            change = ProfileChange((), stored.until, stored.wake, state)
            self.store.commit(Batch(profiles={profile_id: change}))
        self.engine._records.clear()

    def forget_what_is_at_hand(self) -> None:
        self.engine._records.clear()

    def vacuum(self, half_days: int | None) -> None:
        if not self.is_short:
            return
        before = None
        if half_days is not None:
            instant = to_instant(logs.START) + half_days * DAY // 2 - 1
            if instant > self.reached:
                return
            before = to_datetime(instant)
            self.floor = max(self.floor, instant)
        self.events["vacuumed facts"] += self.engine.vacuum(before)

    # ---- goals

    def add(self, goal: Goal) -> None:
        if not self.is_whole or len(self.live) >= 3:
            return
        name = f"g{len(self.logs)}-{self.number}-{len(self.live)}"
        while name in self.logs:
            name += "x"
        named = goal.renamed(name)
        self._announced(self.engine.add(named))
        self.live[name] = named
        self.logs[name] = {profile: dict(log) for profile, log in self.everybody.items()}

    def change(self, place: int, goal: Goal) -> None:
        if self.live and self.is_whole:
            name = sorted(self.live)[place % len(self.live)]
            named = goal.renamed(name)
            self._announced(self.engine.add(named))
            self.live[name] = named

    def archive(self, place: int) -> None:
        if self.live:
            name = sorted(self.live)[place % len(self.live)]
            self.engine.archive(name)
            self.archived[name] = self.live.pop(name)

    def restore(self, place: int) -> None:
        if self.archived and self.is_whole:
            name = sorted(self.archived)[place % len(self.archived)]
            self._announced(self.engine.restore(name))
            self.live[name] = self.archived.pop(name)

    def rename(self, place: int) -> None:
        if self.live:
            old = sorted(self.live)[place % len(self.live)]
            new = f"{old}n"
            while new in self.logs or any(saved.goal.name == new for saved in self.engine.saved_goals()):
                new += "n"
            self.engine.rename(old, new)
            self.live[new] = self.live.pop(old).renamed(new)
            self.logs[new] = self.logs.pop(old)

    def backfill(self, places: Collection[int], facts: Sequence[Fact]) -> None:
        if not self.logs or not self.is_whole:
            return
        names = {sorted(self.logs)[place % len(self.logs)] for place in places}
        mine = self._own(facts)
        changes = self.engine.backfill(mine, names)
        self._announced(changes)
        self.events["changes by backfill"] += len(changes)
        saved = [(self.live | self.archived)[name] for name in names]
        types = frozenset[str]().union(*map(event_types, saved))
        kept = [f for f in mine if self.keeps_all or not isinstance(f, Event) or f.type in types]
        self._keep([self.logs[name] for name in names], kept)

    # ---- identities

    def merge(self, old: str, new: str) -> None:
        before, after = (self.aliases.get(each, each) for each in (old, new))
        if before == after or not self._is_exact(before, after):
            return
        self._announced(self.engine.merge(old, new))
        for log in (self.everybody, *self.logs.values()):
            union = log.pop(after, {})
            for fact_id, fact in log.pop(before, {}).items():
                union.setdefault(fact_id, fact)
            log[after] = union
        self.aliases = {each: after if now == before else now for each, now in self.aliases.items()} | {before: after}
        self.passed[after] = max(self.passed.pop(before, BEGINNING), self.passed.get(after, BEGINNING))

    def _is_exact(self, old: str, new: str) -> bool:
        """Whether a merge is the union: at most one has a final state, and the other has had no fact before it."""
        stored = self.store.load([old, new])
        finals = {name: read(each.state).final_at for name, each in stored.items()}
        pruned = [name for name, final in finals.items() if final > BEGINNING]
        if not pruned:
            return True
        other = new if pruned[0] == old else old
        seen = [fact for log in (self.everybody, *self.logs.values()) for fact in log.get(other, {}).values()]
        return len(pruned) == 1 and all(fact.instant > finals[pruned[0]] for fact in seen)

    def forget(self, profile: str) -> None:
        self.engine.forget(profile)
        gone = self.aliases.get(profile, profile)
        self.aliases = {old: new for old, new in self.aliases.items() if new != gone}
        self.passed.pop(gone, None)
        for log in (self.everybody, *self.logs.values()):
            log.pop(gone, None)

    # ---- what must hold

    def check(self) -> None:
        """Each live goal has the completions of the reference, for each profile."""
        versions = {saved.goal.name: saved.version for saved in self.engine.saved_goals()}
        for name, goal in self.live.items():
            for profile in PROFILES:
                passed = self.passed.get(profile, BEGINNING)
                now = self.clock
                if passed > BEGINNING and (now is None or to_instant(now) < passed):
                    now = to_datetime(passed)
                expected = self._expected(goal, profile, tuple(self.logs[name].get(profile, {}).values()), now)
                recorded = self.engine.history(profile, name) if profile not in self.aliases else ()
                found = [essence(each) for each in recorded if each.version == versions[name]]
                assert found == expected, f"{name}, {profile}: {found} and not {expected}\n{goal.condition}"
                self.events["completions compared"] += len(expected)

    def _expected(self, goal: Goal, profile: str, log: tuple[Fact, ...], now: datetime | None) -> list[Any]:
        """What the reference says; most steps change one profile, so it is asked again only if something changed."""
        asked = (goal, *map(id, log), now)
        before = self.answers.get((goal.name, profile))
        if before is not None and before[0] == asked:
            return before[1]
        facts = [attrs.evolve(fact, profile_id=profile) for fact in log]
        expected = [essence(each) for each in evaluate(goal, facts, now)]
        # With the facts: while they live, no other has their identity.
        self.answers[goal.name, profile] = asked, expected, log
        return expected


# ---- lives at random

Step = tuple[str, tuple[Any, ...]]

WEIGHTS = {
    "process": 10, "say_again": 2, "advance": 3, "restart": 2, "drop_states": 1, "forget_what_is_at_hand": 1,
    "vacuum": 2, "add": 1, "change": 1, "archive": 1, "restore": 1, "rename": 1, "backfill": 2, "merge": 1,
    "forget": 0.3,
}  # fmt: skip


def drawn(strategy: Any, number: int, start: int) -> list[Any]:
    """*number* examples of a strategy, always the same for one start."""
    found: list[Any] = []

    @seed(start)
    @settings(
        max_examples=number,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def collect(example: Any) -> None:
        found.append(example)

    collect()
    return found


class Chance:
    """Tells lives at random.

    Args:
        start: what chance is seeded with.
        size: how many goals, and facts a profile, to choose from.
        by_months: whether the facts are at the end of January and a month later, where months are clipped.
    """

    def __init__(self, start: int, size: int, *, by_months: bool = False) -> None:
        random_ = random.Random(start)  # noqa: S311  as above
        self.facts = {profile: drawn(logs.facts(profile), size, start) for profile in PROFILES}
        self.halves: tuple[int, ...] = (0,)
        if by_months:
            self.facts = {name: [_moved(fact, random_) for fact in facts] for name, facts in self.facts.items()}
            self.halves = (2 * 27, 2 * (27 + 28))
        some = drawn(goals("g"), size, start)
        trials = [random_.choices(self.facts["p"], k=8) for _ in range(6)]
        fertile = [goal for goal in some if any(evaluate(goal, log) for log in trials)]
        self.goals = some + fertile * (4 * len(some) // max(1, len(fertile)))  # those that are seldom met, seldom

    def life(self, start: int) -> tuple[dict[str, bool], list[Step]]:
        random_ = random.Random(start)  # noqa: S311  a fixed seed, and no secret
        kinds = {
            "in_file": random_.random() < 0.2,
            "is_short": random_.random() < 0.35,
            "keeps_all": random_.random() < 0.6,
        }
        steps: list[Step] = [("add", (random_.choice(self.goals),))]
        steps += [("add", (random_.choice(self.goals),))] * (random_.random() < 0.5)
        names = random_.choices(list(WEIGHTS), list(WEIGHTS.values()), k=random_.randint(4, 14))
        steps += [(name, self._arguments(name, random_)) for name in ("process", *names)]
        return kinds, steps

    def _arguments(self, name: str, random_: random.Random) -> tuple[Any, ...]:  # noqa: PLR0911  one case a step
        match name:
            case "process":
                return (self._facts(random_),)
            case "say_again":
                return ([random_.random() for _ in range(random_.randint(1, 3))],)
            case "advance":
                return (12 * random_.choice(self.halves) + random_.randint(0, 120),)
            case "vacuum":
                return (random_.choice((None, random_.choice(self.halves) + random_.randint(0, 8))),)
            case "add":
                return (random_.choice(self.goals),)
            case "change":
                return (random_.randint(0, 9), random_.choice(self.goals))
            case "archive" | "restore" | "rename":
                return (random_.randint(0, 9),)
            case "backfill":
                return ([random_.randint(0, 9) for _ in range(random_.randint(1, 2))], self._facts(random_))
            case "merge":
                return tuple(random_.sample(PROFILES, 2))
            case "forget":
                return (random_.choice(PROFILES),)
            case _:
                return ()

    def _facts(self, random_: random.Random) -> list[Fact]:
        profiles = random_.choices(PROFILES, (6, 2, 1), k=random_.randint(1, 2))
        return [random_.choice(self.facts[each]) for each in profiles for _ in range(random_.randint(1, 4))]


def _moved(fact: Fact, random_: random.Random) -> Fact:
    """*fact* at the end of January, or a month after that."""
    instant = fact.instant + 27 * DAY
    return attrs.evolve(fact, timestamp=to_datetime(random_.choice((instant, instant, Shift(1, 0)(instant)))))


def live(
    kinds: dict[str, bool], steps: Sequence[Step], check_all: bool = True
) -> tuple[Exception | None, Counter[str]]:
    """Live through *steps*; what went wrong, and what was met."""
    life = Life(**kinds)
    try:
        for name, arguments in steps:
            if name == "say_again":
                known = life.known()
                arguments = ([known[int(part * len(known))] for part in arguments[0]] if known else [],)  # noqa: PLW2901
            getattr(life, name)(*arguments)
            if check_all:
                life.check()
        life.check()
    except Exception as error:  # noqa: BLE001  whatever it is, it is told
        return error, life.events
    finally:
        life.close()
    return None, life.events


def shortened(kinds: dict[str, bool], steps: list[Step]) -> list[Step]:
    """Steps without those that the failure does not need."""
    for _ in range(3):
        for place in range(len(steps) - 1, -1, -1):
            fewer = steps[:place] + steps[place + 1 :]
            if live(kinds, fewer)[0] is not None:
                steps = fewer
                continue
            name, arguments = steps[place]
            if name in ("process", "backfill"):
                facts = arguments[-1]
                for index in range(len(facts) - 1, -1, -1):
                    less = facts[:index] + facts[index + 1 :]
                    tried = [*steps[:place], (name, (*arguments[:-1], less)), *steps[place + 1 :]]
                    if live(kinds, tried)[0] is not None:
                        facts, steps = less, tried
    return steps


def main() -> int:
    parser = argparse.ArgumentParser(description="Live through random lives of engines.")
    parser.add_argument("--lives", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1, help="of the goals and facts, and of the first life")
    parser.add_argument("--pool", type=int, default=1_000, help="how many goals, and facts a profile, to choose from")
    parser.add_argument("--by-months", action="store_true", help="have facts a month apart, where months are clipped")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="stop after so long")
    chosen = parser.parse_args()
    shorten_steps(setattr)
    begun = time.monotonic()
    chance = Chance(chosen.seed, chosen.pool, by_months=chosen.by_months)
    met: Counter[str] = Counter()
    failed = done = 0
    print(f"{len(chance.goals)} goals drawn in {time.monotonic() - begun:.0f} s", flush=True)
    for number in range(chosen.lives):
        if time.monotonic() - begun > chosen.seconds:
            break
        kinds, steps = chance.life(chosen.seed * 1_000_003 + number)
        error, events = live(kinds, steps)
        met.update(events)
        done += 1
        met["lives with completions"] += events["completions compared"] > 0
        met["lives"] += 1
        if done % 1_000 == 0:
            print(f"{done:,} lives in {time.monotonic() - begun:,.0f} s, {failed} failed: {dict(met)}", flush=True)
        if error is not None:
            failed += 1
            print(f"FAILED: life {number} of seed {chosen.seed}, {kinds}: {type(error).__name__}: {error}")
            for name, arguments in shortened(kinds, steps):
                shown = [
                    str(each.condition) + f" count={each.count}" if isinstance(each, Goal) else each
                    for each in arguments
                ]
                print("   ", name, *shown)
            if failed >= 5:
                break
    print(f"{done:,} lives in {time.monotonic() - begun:,.0f} s, {failed} failed: {dict(met)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
