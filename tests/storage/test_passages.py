"""The passages through a funnel are the same whichever way a store in tables goes."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from convgoals.instants import DAY, HOUR
from convgoals.storage import sqlite_ledger
from convgoals.storage.base import Batch, Changes
from convgoals.storage.open import open_store
from convgoals.storage.passages import Stages, furthest
from convgoals.testing.contract_summaries import live, passed, stories
from convgoals.testing.store_model import StoreModel
from convgoals.testing.store_samples import completion, kept


@pytest.mark.parametrize(("passed_over", "block"), [(0, 1), (0, 2), (10**9, 1)])
@given(story=stories(), within=st.sampled_from((None, 0, HOUR, DAY)), version=st.sampled_from((None, 1)))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_every_way_in_sqlite(
    passed_over: int, block: int, story: list[Any], within: int | None, version: int | None
) -> None:
    """By blocks of profiles, however small, and by the completions of each goal."""
    store, model = open_store("sqlite://"), StoreModel()
    live(story, store, model)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sqlite_ledger, "_PASSED_OVER", passed_over)
        patch.setattr(sqlite_ledger, "_DIALECT", attrs.evolve(sqlite_ledger._DIALECT, block=block))
        for goals in ((("g", version), ("h", None)), (("h", None), ("g", version), ("g", 2)), (("g", version),)):
            stages = Stages(goals, within=within)
            found = store.passages(stages)
            told = [*map(sorted, found.waits), *map(sorted, found.stopped)]
            assert told == passed(list(model.history()), stages)
    store.close()


@pytest.mark.parametrize("url", ["memory://", "sqlite://"])
def test_names_of_any_kind(url: str) -> None:
    """Whatever characters a profile's name has, it is told as it is, through every way."""
    names = ['"', "\\", "a\0b", "\x1f", "é\U0001f600", "long" * 250]
    store = open_store(url)
    changes = Changes()
    for name in names:
        changes.put(name, kept())
    # Those who did the second goal first, and again, are looked at one by one.
    entries = [completion(name, at, goal=goal) for name in names for goal, at in (("h", 1), ("g", 2))]
    entries += [completion(name, 3, goal="h") for name in names[::2]]
    store.commit(Batch(profiles=changes, entries=tuple(entries)))
    found = store.passages(Stages((("g", None), ("h", None))))
    assert [sorted(each) for each in found.stopped] == [sorted(names[1::2]), sorted(names[::2])]
    assert found.waits == [[1, 1, 1]]
    store.close()


def test_furthest_of_nothing() -> None:
    """Without stages, or without a first completion, there is nothing to choose."""
    assert furthest([], None) == furthest([[], [1]], None) == []
