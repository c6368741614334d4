"""Several connections to one file, several threads on one store, and what is left of the forgotten."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from convgoals.instants import to_datetime
from convgoals.records import CampaignReceipt, Event, Fact, Retraction
from convgoals.storage.base import Batch, ProfileChange
from convgoals.storage.sqlite import SQLiteStore
from convgoals.testing.store_samples import completion, event, everything, kept, recorded
from storage.stories import PROFILES, batch


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "goals.db"


@pytest.fixture
def two(path: Path) -> Iterator[tuple[SQLiteStore, SQLiteStore]]:
    with closing(SQLiteStore(path)) as one, closing(SQLiteStore(path)) as other:
        yield one, other


def test_generation(two: tuple[SQLiteStore, SQLiteStore]) -> None:
    """The generation changes with another connection's commit, and with nothing else."""
    one, other = two
    before = one.generation()
    one.commit(batch(0))
    assert one.generation() == before
    other.commit(batch(1))
    changed = one.generation()
    assert changed != before
    assert one.generation() == changed


def test_writers_in_turn(two: tuple[SQLiteStore, SQLiteStore]) -> None:
    """Two stores that write in turn, each with what it has at hand, make what one alone would have made."""
    with closing(SQLiteStore()) as alone:
        chance = random.Random(1)  # noqa: S311
        for number in range(40):
            chance.choice(two).commit(batch(number))
            alone.commit(batch(number))
        for store in two:
            assert everything(store, *PROFILES) == everything(alone, *PROFILES)
        two[0].forget("p3")
        for store in (two[1], alone):
            if store is alone:
                store.forget("p3")
            store.commit(Batch(profiles={"p3": kept(event("p3"))}, entries=(completion("p3"),)))
        for store in two:
            assert everything(store, *PROFILES) == everything(alone, *PROFILES)


def test_readers_do_not_block(path: Path, two: tuple[SQLiteStore, SQLiteStore]) -> None:
    """A reader in the middle of a transaction sees what there was, and neither waits nor makes others wait."""
    one, other = two
    one.commit(batch(0))
    reader = sqlite3.connect(path, isolation_level=None)
    reader.execute("BEGIN")
    assert reader.execute("SELECT count(*) FROM completion").fetchone() == (2,)
    one.commit(batch(1))
    assert reader.execute("SELECT count(*) FROM completion").fetchone() == (2,)
    assert len(list(other.history())) == 4
    reader.execute("COMMIT")
    reader.close()


def test_reading_while_another_writes(two: tuple[SQLiteStore, SQLiteStore]) -> None:
    """Iterators of one store that are read while another store writes and forgets stay consistent."""
    one, other = two
    names = [f"p{number:04}" for number in range(2_500)]
    one.commit(
        Batch(
            profiles={name: kept() for name in names},
            entries=tuple(completion(name, at) for at, name in enumerate(names)),
        )
    )
    history, ledger, known = one.history(), one.entries(), one.profile_ids()
    begun = [next(history).profile_id, next(ledger).profile_id, next(known)]
    other.commit(recorded(Retraction(completion("p2000", 2_000), to_datetime(0)), completion("p2000", 1)))
    other.forget("p2100")
    assert begun == ["p0000"] * 3
    expected = [name for name in names[1:] if name != "p2100"]
    assert [entry.profile_id for entry in history] == expected
    assert [entry.profile_id for entry in ledger] == expected
    assert list(known) == expected


def test_threads(path: Path) -> None:
    """Threads that write to and read from one store at the same time disturb neither each other nor themselves."""
    with closing(SQLiteStore(path)) as store:

        def work(thread: int) -> int:
            for number in range(30):
                name = f"t{thread}"
                store.commit(
                    Batch(
                        profiles={name: kept(event(name, f"{number}", number), until=number)},
                        entries=(completion(name, number),),
                        positions={name: number},
                    )
                )
                assert len(store.load([name])[name].facts) == number + 1
                assert len(list(store.history(profile_id=name))) == number + 1
                assert sum(1 for entry in store.entries() if entry.profile_id == name) == number + 1
            return thread

        with ThreadPoolExecutor(4) as pool:
            assert list(pool.map(work, range(4))) == [0, 1, 2, 3]
        assert store.profile_count() == 4
        assert len(list(store.completions())) == 120
        assert store.positions() == {f"t{thread}": 29 for thread in range(4)}


@pytest.mark.parametrize("seed", [1, 2])
def test_forgotten_bytes(path: Path, seed: int) -> None:
    """Of a forgotten profile no byte stays in any of the store's files: no name, no id, no property."""
    chance = random.Random(seed)  # noqa: S311
    names = [f"person-{chance.getrandbits(100):x}" for _ in range(600)]
    number = 0
    with closing(SQLiteStore(path)) as store:
        for _ in range(30):
            profiles: dict[str, ProfileChange] = {}
            entries = []
            for name in chance.sample(names, 150):
                number += 1
                at = to_datetime(number)
                properties = {"mail": f"{name}@example.org", "long": name * (number % 90)}
                facts: list[Fact] = [
                    Event("a", name, at, properties, f"{name}-{number}"),
                    CampaignReceipt("m", name, at, None, f"{name}-r{number}"),
                ]
                profiles[name] = ProfileChange(facts, number, number)
                entries.append(completion(name, number, trigger_id=f"{name}-{number}"))
            known = [name for name in profiles if chance.random() < 0.05]
            merged = tuple((f"cookie-{name}", name) for name in known)
            store.commit(Batch(profiles=profiles, entries=tuple(entries), merged=merged))
        gone = chance.sample(sorted(store.profile_ids()), 40)
        for name in gone:
            assert name.encode() in b"".join(file.read_bytes() for file in path.parent.iterdir())
            store.forget(name)
        files = b"".join(file.read_bytes() for file in path.parent.iterdir())
        assert [name for name in gone if name.encode() in files] == []
        kept_names = set(names) - set(gone)
        assert sum(name.encode() in files for name in kept_names) == store.profile_count()
