"""A check finds what is wrong with a store, and nothing with one that is whole."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from any_goals import any_goals
from convgoals import CampaignReceipt, Event, Goal, GoalEngine, ProfileUpdate
from convgoals.care import check
from convgoals.care.check import Checked, check_store
from convgoals.errors import StoreBusyError
from convgoals.instants import to_datetime
from convgoals.records import Fact, Retraction
from convgoals.storage.base import Batch, SavedGoal, Store
from convgoals.storage.memory import MemoryStore
from convgoals.storage.sqlite import SQLiteStore
from convgoals.testing import logs
from convgoals.testing.store_samples import completion, kept

EXAMPLES = int(os.environ.get("CONVGOALS_EXAMPLES", "12"))


@given(any_goals("g", "h", "later"), logs.logs("p"), logs.logs("q"), st.integers(0, 10_000), st.booleans())
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_nothing_is_wrong(
    saved: list[Goal], first: list[Fact], second: list[Fact], seed: int, everything: bool
) -> None:
    """Whatever an engine has done to a store, nothing is wrong with it."""
    note([str(goal.condition) for goal in saved])
    chance = random.Random(seed)  # noqa: S311
    stream = [*first, *second]
    chance.shuffle(stream)
    store = chance.choice((MemoryStore, SQLiteStore))()
    with GoalEngine(saved[:2], store=store, keep="all" if everything else "relevant") as engine:
        for number, fact in enumerate(stream):
            engine.process([fact, *stream[: number % 3]])
            match chance.randrange(12):
                case 0:
                    engine.advance(logs.START + timedelta(hours=chance.randrange(100)))
                case 1:
                    engine.add(saved[2])
                case 2:
                    engine.merge("q", "p")
                case 3:
                    engine.forget("q")
                case 4:
                    engine.archive("h")
                case 5:
                    engine.restore("h")
                case 6:
                    engine.add(saved[2].renamed("h"))
                case 7:
                    engine.backfill(second, ["g"])
                case 8 if number:
                    engine.vacuum(min(each.timestamp for each in stream[: number + 1]))
            if number % 8 == 0:
                assert check_store(store, sample=2).findings == ()
        found = check_store(store, sample=None)
        assert found.findings == ()
        assert (found.whole, found.complete, found.profiles) == (True, True, store.profile_count())


GOAL = Goal("Order", "event order where total > 50", count="every")
QUIET = Goal("Quiet", "event order not followed within 3 days by event order")


def order(name: str, day: int, total: int = 80) -> Event:
    return Event("order", name, f"2026-01-{day:02}T00:00:00Z", {"total": total}, f"o{day}")


def fill(store: Store) -> None:
    """Something of everything, by way of an engine, which leaves the store open."""
    engine = GoalEngine([GOAL, QUIET], store=store)
    engine.process([order("ann", 1), order("ben", 2), order("ben", 3), order("cem", 4, 10)])
    engine.process([CampaignReceipt("spring", "ben", "2026-01-02T00:00:00Z", id="r1")])
    engine.process([ProfileUpdate("cookie", "2026-01-05T00:00:00Z", {"x": 1}, id="u1"), order("cookie", 6)])
    engine.merge("cookie", "ann")
    engine.process([order("ben", 1, 90)])
    engine.advance("2026-01-08T00:00:00Z")
    engine.process([order("dee", 8)])


@pytest.fixture
def store() -> Iterator[MemoryStore]:
    with closing(MemoryStore()) as store:
        fill(store)
        yield store


@pytest.fixture
def file(tmp_path: Path) -> Iterator[SQLiteStore]:
    with closing(SQLiteStore(tmp_path / "goals.db")) as store:
        fill(store)
        yield store


def codes(found: Checked) -> set[str]:
    assert found.found == len(found.findings)
    assert found.whole is not bool(found.findings)
    assert all(each.message for each in found.findings)
    return {each.code for each in found.findings}


def test_what_is_whole(store: MemoryStore, file: SQLiteStore) -> None:
    """Nothing is wrong with what an engine has made, in a sample or in all of it; the numbers say what was seen."""
    for each in (store, file):
        found = check_store(each, sample=None)
        assert (codes(found), found.profiles, found.complete) == (set(), 4, True)
        found = check_store(each, sample=3, seed=1)
        assert (codes(found), found.profiles, found.complete) == (set(), 3, False)
        assert check_store(each, sample=1_000).profiles == 4


@pytest.mark.parametrize("sample", [None, 1_000])
@pytest.mark.parametrize(
    ("batch", "code", "name"),
    [
        (Batch(profiles={"ann": kept(order("ann", 20), until=2**60)}), "missing", "ann"),
        (Batch(entries=(completion("ben", 5, goal="Order"),)), "unfounded", "ben"),
        (Batch(profiles={"new": kept(wake=5)}), "wake", "new"),
        (Batch(profiles={"dee": kept(until=2**60)}), "missing", "dee"),
        (Batch(profiles={"new": kept(order("other", 1, 10))}), "orphan", "new"),
    ],
)
def test_what_facts_do_not_say(
    store: MemoryStore, file: SQLiteStore, batch: Batch, code: str, name: str, sample: int | None
) -> None:
    """Where the ledger or the time to wake is not what the facts give, the profile is named."""
    for each in (store, file):
        each.commit(batch)
        found = check_store(each, sample=sample)
        assert (code, name) in {(finding.code, finding.profile_id) for finding in found.findings}
        assert {finding.profile_id for finding in found.findings} == {name}


def test_a_completion_that_was_taken_back(store: MemoryStore, file: SQLiteStore) -> None:
    """A retraction of what holds by the facts is found as a completion that is missing."""
    for each in (store, file):
        held = next(each.completions("Order", profile_id="ben"))
        each.commit(Batch(entries=(Retraction(held, to_datetime(2**50)),)))
        found = check_store(each)
        assert [(finding.code, finding.profile_id) for finding in found.findings] == [("missing", "ben")]


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("UPDATE chunk SET facts = '[7]' WHERE id = (SELECT max(id) FROM chunk)", "unreadable"),
        ("UPDATE completion SET value = 'x' WHERE seq = (SELECT max(seq) FROM completion)", "unreadable"),
        ("UPDATE completion SET segments = '{' WHERE seq = (SELECT min(seq) FROM completion)", "unreadable"),
        ("UPDATE goal SET definition = '{}'", "unreadable"),
        ("UPDATE position SET at = 'x'", "unreadable"),
        ("UPDATE total SET profiles = 9", "count"),
        ("UPDATE goal SET version = 0", "unknown-goal"),
        ("DELETE FROM goal WHERE name = 'Order'", "unknown-goal"),
        ("DELETE FROM receipt", "receipts"),
        ("UPDATE receipt SET instant = instant + 1", "receipts"),
        ("UPDATE completion SET achieved = achieved + 1 WHERE seq = 1", "missing"),
        ("UPDATE completion SET achieved = achieved + 1 WHERE seq = 1", "unfounded"),
        ("UPDATE completion SET profile = (SELECT id FROM profile WHERE name = 'dee')", "orphan"),
        ("UPDATE completion SET previous = NULL WHERE seq = 3", "ledger"),
        ("UPDATE standing SET wake = wake + 1 WHERE wake IS NOT NULL", "wake"),
        ("UPDATE profile SET became = NULL", "orphan"),
        ("UPDATE profile SET became = (SELECT id FROM profile WHERE name = 'dee') WHERE name = 'ann'", "identity"),
        ("UPDATE retraction SET recorded = 'x'", "unreadable"),
        ("UPDATE tally SET completions = completions + 1", "report"),
        ("UPDATE tally SET firsts = firsts + 1 WHERE quarter = (SELECT max(quarter) FROM tally)", "report"),
        ("DELETE FROM channel_tally", "report"),
        ("UPDATE channel_tally SET units = units + 1", "report"),
        ("UPDATE tally SET valued = valued + 1", "report"),
    ],
)
def test_what_something_else_has_changed(file: SQLiteStore, statement: str, code: str) -> None:
    """Whatever was changed behind the store's back is found when all of it is checked."""
    file._settle()
    assert file._database._connection.execute(statement).rowcount
    assert code in codes(check_store(file, sample=None))


@pytest.fixture
def long_logs(tmp_path: Path) -> Iterator[SQLiteStore]:
    """A store with profiles of many facts, of which states are saved."""
    store = SQLiteStore(tmp_path / "long.db")
    with GoalEngine([GOAL, QUIET, Goal("Fifth", "count(event order in last 30 days) >= 5")], store=store) as engine:
        for number in range(400):
            at = logs.START + timedelta(hours=number)
            events: list[Fact] = [Event("order", name, at, {"total": number}, f"o{number}") for name in ("ann", "ben")]
            events.append(ProfileUpdate("ann", at, {"x": number}, None, f"u{number}"))
            engine.process(events)
        yield store


def test_saved_states(long_logs: SQLiteStore) -> None:
    """The states that are saved of long logs are whole, before and after facts were dropped for them."""
    assert len(long_logs._database._connection.execute("SELECT * FROM state").fetchall()) == 1
    assert check_store(long_logs, sample=None).findings == ()
    with GoalEngine(store=long_logs) as engine:
        assert engine.vacuum(logs.START + timedelta(hours=300)) > 400
        assert check_store(long_logs, sample=None).findings == ()
        engine.process([order("ann", 20)])
        assert check_store(long_logs, sample=None).findings == ()


def test_waking_sooner_than_need_be() -> None:
    """A time to wake is held to the first at which time may complete a goal, whichever way a replay comes there."""
    with closing(MemoryStore()) as store, GoalEngine([QUIET], store=store) as engine:
        engine.process([order("ann", 1), order("ann", 3)])
        engine.process([order("ann", 2)])
        engine.process([attrs.evolve(order("ann", 5), timestamp="2026-01-05T12:00:00Z")])
        assert engine.vacuum("2026-01-05T00:00:00Z") == 3
        assert check_store(store, sample=None).findings == ()


def test_who_is_known_to_one_goal() -> None:
    """Time completes nothing for a profile all of whose facts are those of another goal."""
    later = Goal("Later", '(in segment "vip" and event order) between 2027-01-01 and 2027-01-31')
    with closing(MemoryStore()) as store, GoalEngine([GOAL, later], store=store) as engine:
        engine.backfill([order("ann", 1)], ["Order"])
        assert check_store(store, sample=None).findings == ()


@pytest.mark.parametrize(
    ("old", "new"),
    [('"x\\":', '"y\\":'), ('"number":', '"number":1'), ('"ids":"', '"ids":"00000'), ('"now":[[],', '"now":[[],1')],
)
def test_saved_states_that_are_others(long_logs: SQLiteStore, old: str, new: str) -> None:
    """A saved state that is not what the facts come to, or cannot be read, is found."""
    connection = long_logs._database._connection
    (text,) = connection.execute("SELECT text FROM state WHERE profile = 1").fetchone()
    assert old in text
    connection.execute("UPDATE state SET text = ? WHERE profile = 1", (text.replace(old, new, 1),))
    found = check_store(long_logs, sample=None)
    assert codes(found) & {"state", "unreadable"}
    assert {finding.profile_id for finding in found.findings} == {"ann"}


def test_a_damaged_file(file: SQLiteStore) -> None:
    """Where pages are damaged, only that is said, for nothing that is read there means anything."""
    file._database._connection.execute("PRAGMA writable_schema = ON")
    file._database._connection.execute("DELETE FROM sqlite_master WHERE name = 'standing_wake'")
    file._database._connection.execute("PRAGMA writable_schema = RESET")
    found = check_store(file, sample=None)
    assert (codes(found), found.profiles) == ({"file"}, 0)


class Lying(MemoryStore):
    """A store some of whose answers are wrong."""

    wrong = ""

    def profile_count(self) -> int:
        return super().profile_count() + (self.wrong == "count")

    def completions(self, *values: Any, **named: Any) -> Iterator[Any]:
        found = super().completions(*values, **named)
        return iter(list(found)[1:]) if self.wrong == "ledger" and not named else found

    def due(self, instant: int) -> list[str]:
        return super().due(instant)[self.wrong == "due" :]

    def aliases(self) -> dict[str, str]:
        return super().aliases() | ({"x": "cookie"} if self.wrong == "identity" else {})

    def summaries(self, questions: Any) -> Any:
        return [
            attrs.evolve(each, everyone=each.everyone + (self.wrong == "report"))
            for each in super().summaries(questions)
        ]

    def load(self, profile_ids: Any, **how: Any) -> Any:
        found = super().load(profile_ids, **how)
        return {name: each for name, each in found.items() if name != "ben" or self.wrong != "orphan"}


@pytest.mark.parametrize("wrong", ["count", "ledger", "due", "identity", "orphan", "report"])
def test_a_backend_that_is_wrong(wrong: str) -> None:
    """A backend whose answers do not fit each other is found out, whatever it says of itself."""
    with closing(Lying()) as store:
        fill(store)
        assert check_store(store, sample=None).whole
        store.wrong = wrong
        assert wrong in codes(check_store(store, sample=None))


def test_reports_that_cannot_be_made(store: MemoryStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where what reports are made of does not fit together, that is found, and the check goes on."""

    def summaries(_: object) -> None:
        raise IndexError

    monkeypatch.setattr(store, "summaries", summaries)
    assert codes(check_store(store, sample=None)) == {"report"}


def test_many_findings(store: MemoryStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of many findings the first are kept, and all are counted."""
    monkeypatch.setattr(check, "KEPT_FINDINGS", 10)
    store.commit(Batch(profiles={f"new{number:02}": kept(until=9, wake=5) for number in range(50)}))
    found = check_store(store, sample=None)
    assert (found.found, len(found.findings), found.whole) == (50, 10, False)


def test_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sample is of the size that was asked for, another one with another seed, and any profile may be in it."""
    monkeypatch.setattr(check, "PASS", 7)
    names = [f"p{number:02}" for number in range(40)]
    seen: list[int] = []
    with closing(MemoryStore()) as store:
        store.commit(Batch(profiles={name: kept(until=9, wake=5) for name in names}, goals=(SavedGoal(GOAL),)))
        samples = []
        for seed in range(60):
            found = check_store(store, sample=5, seed=seed, on_progress=seen.append)
            assert found.profiles == found.found == 5
            samples.append(tuple(str(each.profile_id) for each in found.findings))
        assert samples[3] == tuple(str(each.profile_id) for each in check_store(store, sample=5, seed=3).findings)
    assert seen == [5] * 60
    assert len(set(samples)) > 50
    assert {name for sample in samples for name in sample} == set(names)


def test_others_wait(file: SQLiteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody writes while a store is checked."""
    with closing(SQLiteStore(file._database.name, busy_timeout=0)) as other:

        def write(_: int) -> None:
            with pytest.raises(StoreBusyError):
                other.commit(Batch(reached=1))

        check_store(file, on_progress=write)
        other.commit(Batch(reached=1))
