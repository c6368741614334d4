"""The laws of `Reader.summaries` and `Reader.passages`: a part of `convgoals.testing.contract.StoreContract`."""

# ruff: noqa: S101  assert is how tests speak

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from convgoals.goals import Goal
from convgoals.instants import DAY, HOUR, MICROSECOND, MINUTE, to_datetime, to_instant
from convgoals.records import Completion, Retraction
from convgoals.storage.base import Batch, SavedGoal, Store
from convgoals.storage.passages import Stages
from convgoals.storage.summary import Part, Question, Summary, Waits
from convgoals.testing.store_model import StoreModel
from convgoals.testing.store_samples import completion, kept, recorded

_PROFILES = ("p", "q", "ü")
_PERCENTS = (0, 10, 50, 99, 100)
_LARGE: tuple[float | Decimal | None, ...] = (
    2**62,
    -(2**62),
    10**400,
    -0.0,
    1e300,
    0.1,
    1.005,
    float("nan"),
    float("inf"),
    Decimal("1E+3"),
    Decimal("1e-30"),
    Decimal("NaN"),
    Decimal("1e2000"),
    True,
    None,
)


class SummaryLaws:
    """Tests that take an empty store as the fixture ``store``, and open others with `open_store`."""

    open_store: Callable[[Any], Store]

    def test_summaries_of_nothing(self, store: Store) -> None:
        """Of an unknown goal, or of a period without completions, there is nothing to count."""
        store.commit(Batch(profiles={"p": kept()}, entries=(completion("p", 5),), reached=7))
        nothing = Summary(Part(), frozenset(), {}, {}, Waits(), 1, 7)
        asked = [Question("other"), Question("g", version=9), Question("g", since=6), Question("g", until=4)]
        asked += [Question("g", since=9, until=3), Question("g", since=5, until=4, bucket=lambda at: (at, at + 1))]
        assert store.summaries([]) == []
        for question in asked:
            for by in (None, "channel", "version"):
                assert store.summaries([attrs.evolve(question, by=by, percents=(50,))]) == [nothing]

    def test_summaries_sum_exactly(self, store: Store) -> None:
        """Sums do not round, whatever the size of the values, and what is no number is left out (semantics §3)."""
        entries = [completion("p", n, trigger_id=str(n), value=value) for n, value in enumerate(_LARGE * 3)]
        store.commit(recorded(*entries))
        for question in (Question("g"), Question("g", until=20), Question("g", by="channel")):
            (found,) = store.summaries([question])
            assert found == expected(entries, question, 1, None)
        gone = [entry for entry in entries if _number(entry.value) is not None]
        store.commit(recorded(*(Retraction(entry, to_datetime(0)) for entry in gone)))
        left = [entry for entry in entries if entry not in gone]
        assert store.summaries([Question("g")]) == [expected(left, Question("g"), 1, None)]

    def test_summaries_follow_a_new_name(self, store: Store) -> None:
        """What is said of a goal is said of it under its new name, and of a new goal with the old one nothing."""
        store.commit(attrs.evolve(recorded(completion("p", 5)), goals=(SavedGoal(Goal("g", "event a")),)))
        store.rename("g", "n")
        store.commit(recorded(completion("p", 6, goal="n", version=2), completion("p", 6)))
        counts = [(found.whole.completions, found.whole.profiles) for found in store.summaries(_named("g", "n"))]
        assert counts == [(1, 1), (2, 1)]
        assert [found.versions for found in store.summaries(_named("g", "n"))] == [{1}, {1, 2}]

    def test_passages(self, store: Store) -> None:
        """A profile goes as far as any choice of its completions leads, and by the earliest that leads there."""
        entries = [completion(who, at, goal="g") for who, at in (("p", 3), ("p", 9), ("q", 3), ("ü", 1), ("r", 20))]
        entries += [completion(who, at, goal="h") for who, at in (("p", 2), ("p", 10), ("q", 3), ("z", 5))]
        gone = completion("ü", 4, goal="h", version=2)
        store.commit(recorded(*entries, gone))
        store.commit(recorded(Retraction(gone, to_datetime(9)), completion("ü", 8, goal="h", version=2)))

        def found(*goals: tuple[str, int | None], **limits: int) -> list[Any]:
            passages = store.passages(Stages(goals, **limits))
            return [*map(sorted, passages.waits), *map(sorted, passages.stopped)]

        assert found(("g", None), ("h", None)) == [[0, 7, 7], ["r"], ["p", "q", "ü"]]
        assert found(("g", None), ("h", None), within=7) == [[0, 7, 7], ["r"], ["p", "q", "ü"]]
        assert found(("g", None), ("h", None), within=6) == [[0, 1], ["r", "ü"], ["p", "q"]]  # p begins at 9
        assert found(("g", None), ("h", 1), until=9) == [[0], ["p", "ü"], ["q"]]
        assert found(("g", None), ("h", 2), since=2) == [[], ["p", "q", "r"], []]
        assert found(("h", None), ("g", None), ("other", None)) == [[0, 1], [], ["z", "ü"], ["p", "q"], []]
        assert found(("other", None), ("g", None)) == [[], [], []]
        assert found(("g", None)) == [["p", "q", "r", "ü"]]

    @given(data=st.data())
    @settings(
        max_examples=25, deadline=None, suppress_health_check=[HealthCheck.differing_executors, HealthCheck.too_slow]
    )
    def test_summaries_are_those_of_a_recount(self, tmp_path_factory: pytest.TempPathFactory, data: Any) -> None:
        """After completions, late ones, retractions, merges and whoever was forgotten, every figure is a recount's."""
        store, model = self.open_store(tmp_path_factory.mktemp("story")), StoreModel()
        try:
            live(data.draw(stories(), label="story"), store, model)
            asked = data.draw(st.lists(questions, min_size=8, max_size=8), label="questions")
            for question, found in zip(asked, store.summaries(asked), strict=True):
                mine = [each for each in model.history() if each.goal == question.goal]
                assert found == expected(mine, question, len(model.known), model.time), question
        finally:
            store.close()

    @given(data=st.data())
    @settings(
        max_examples=25, deadline=None, suppress_health_check=[HealthCheck.differing_executors, HealthCheck.too_slow]
    )
    def test_passages_are_those_of_all_choices(self, tmp_path_factory: pytest.TempPathFactory, data: Any) -> None:
        """After any story, how far each profile got is what trying all choices of its completions says."""
        store, model = self.open_store(tmp_path_factory.mktemp("story")), StoreModel()
        try:
            live(data.draw(stories(), label="story"), store, model)
            for stages in data.draw(st.lists(_stages, min_size=8, max_size=8), label="stages"):
                found = store.passages(stages)
                told = [*map(sorted, found.waits), *map(sorted, found.stopped)]
                assert told == passed(list(model.history()), stages), stages
        finally:
            store.close()


def live(story: Iterable[Batch | str], store: Store, model: StoreModel) -> None:
    """Put a story to a store and to a model of one."""
    for step in story:
        if isinstance(step, str):
            store.forget(step)
            model.forget(step)
        else:
            store.commit(step)
            model.commit(step)


def _named(*names: str) -> list[Question]:
    return [Question(name) for name in names]


# ---- a recount, as plainly as it can be said


def expected(completions: Iterable[Completion], question: Question, everyone: int, reached: int | None) -> Summary:
    """The answer to *question* over all *completions* of its goal, which come in their order."""
    counted = [
        each
        for each in completions
        if question.version in (None, each.version)
        and (question.since is None or question.since <= to_instant(each.achieved_at))
        and (question.until is None or to_instant(each.achieved_at) <= question.until)
    ]
    first: dict[str, Completion] = {}
    for each in counted:
        first.setdefault(each.profile_id, each)

    def part(those: Sequence[Completion]) -> Part:
        numbers = [number for each in those if (number := _number(each.value)) is not None]
        profiles = sum(any(each is one for one in first.values()) for each in those)
        return Part(len(those), profiles, len(numbers), _decimal(sum(numbers, Fraction(0))))

    def parts(key: Callable[[Completion], Any]) -> dict[Any, Part]:
        return {name: part([each for each in counted if key(each) == name]) for name in set(map(key, counted))}

    bucket, by = question.bucket, question.by
    waits = [each.since_anchor // MICROSECOND for each in first.values() if each.since_anchor is not None]
    return Summary(
        part(counted),
        frozenset(each.version for each in counted),
        {} if bucket is None else parts(lambda each: bucket(to_instant(each.achieved_at))[0]),
        {} if by is None else parts(lambda each: getattr(each, by)),
        _waits(sorted(waits), question),
        everyone,
        reached,
    )


def _number(value: object) -> Fraction | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        return None
    if not isinstance(value, int) and not math.isfinite(value):
        return None
    exact = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    return Fraction(exact) if abs(exact.adjusted()) <= 1_000 else None


def _decimal(number: Fraction) -> Decimal:
    digits = 2_100  # the denominator is a power of ten
    whole = number * 10**digits
    assert whole.denominator == 1
    return Decimal((int(whole < 0), tuple(map(int, str(abs(whole.numerator)))), -digits))


def _waits(ordered: list[int], question: Question) -> Waits:
    if not ordered:
        return Waits()
    edges = () if question.edges is None else question.edges(ordered[-1])
    places = {percent: Fraction((len(ordered) - 1) * percent, 100) for percent in question.percents}
    return Waits(
        len(ordered),
        sum(ordered),
        ordered[-1],
        {percent: (ordered[math.floor(place)], ordered[math.ceil(place)]) for percent, place in places.items()},
        tuple(sum(wait <= edge for wait in ordered) for edge in edges),
    )


def passed(completions: Iterable[Completion], stages: Stages) -> list[list[Any]]:
    """The times of each stage but the first, then who stopped at each stage: by trying all choices of completions."""
    of_profile: dict[str, list[list[int]]] = {}
    for each in completions:
        lists = of_profile.setdefault(each.profile_id, [[] for _ in stages.goals])
        at = to_instant(each.achieved_at)
        for times, (goal, version) in zip(lists, stages.goals, strict=True):
            inside = (stages.since is None or stages.since <= at) and (stages.until is None or at <= stages.until)
            if each.goal == goal and version in (None, each.version) and inside:
                times.append(at)
    waits: list[list[int]] = [[] for _ in stages.goals[1:]]
    stopped: list[list[str]] = [[] for _ in stages.goals]
    for profile_id, lists in of_profile.items():
        choices = [choice for length in range(len(lists)) for choice in itertools.product(*lists[: length + 1])]
        choices = [
            choice
            for choice in choices
            if list(choice) == sorted(choice) and (stages.within is None or choice[-1] <= choice[0] + stages.within)
        ]
        if choices:
            best = min(choices, key=lambda choice: (-len(choice), choice))
            stopped[len(best) - 1].append(profile_id)
            for listed, (one, other) in zip(waits, itertools.pairwise(best), strict=False):
                listed.append(other - one)
    return [*map(sorted, waits), *map(sorted, stopped)]


# ---- random stories and questions

# Around the edges of quarters, hours and days, before and after the epoch, so that what is cut off is cut off there.
_instants = st.builds(
    lambda day, part, step: day * DAY + part + step,
    st.integers(-2, 3),
    st.sampled_from((0, 0, 15 * MINUTE, HOUR, 7 * HOUR + 30 * MINUTE, 23 * HOUR, 23 * HOUR + 45 * MINUTE)),
    st.sampled_from((0, 0, -1, 1, 5 * MINUTE)),
)
_ends = st.one_of(st.none(), _instants)
_waited = st.one_of(st.none(), st.integers(0, 600), st.sampled_from((511, 512, 513, 100_000, 100_001, 2**40, 2**55)))


def _buckets(size: int, shift: int) -> Callable[[int], tuple[int, int]]:
    def bucket(instant: int) -> tuple[int, int]:
        start = (instant - shift) // size * size + shift
        return start, start + size

    return bucket


questions = st.builds(
    Question,
    goal=st.sampled_from(("g", "g", "g", "h")),
    version=st.sampled_from((None, None, None, 1, 2)),
    since=_ends,
    until=_ends,
    bucket=st.one_of(
        st.none(),
        st.builds(_buckets, st.sampled_from((HOUR, DAY, 7 * DAY)), st.sampled_from((0, 45 * MINUTE, 3 * MINUTE + 1))),
    ),
    by=st.sampled_from((None, "channel", "version")),
    percents=st.just(_PERCENTS),
    edges=st.sampled_from((None, lambda longest: (0, 511, 512, 100_000, longest // 2, longest))),
)
"""Questions of any kind."""

_stages = st.builds(
    Stages,
    goals=st.lists(
        st.tuples(st.sampled_from(("g", "h", "g", "h", "i")), st.sampled_from((None, None, 1, 2))),
        min_size=1,
        max_size=3,
    ),
    since=_ends,
    until=_ends,
    within=st.sampled_from((None, 0, 1, HOUR, DAY, 2 * DAY, 2**70)),
)

_completions = st.builds(
    completion,
    st.sampled_from(_PROFILES),
    _instants,
    goal=st.sampled_from(("g", "g", "g", "h")),
    version=st.sampled_from((1, 1, 1, 2)),
    trigger_id=st.sampled_from((None, "", "1", "2")),
    channel=st.sampled_from((None, "", "web", "ads")),
    value=st.sampled_from((None, 1, -5, 0.1, 19.99, Decimal("1.50"), Decimal("1e-9"), 2**53, 2**62, True)),
    since_anchor=_waited.map(lambda wait: None if wait is None else timedelta(microseconds=wait)),
)


@st.composite
def stories(draw: Callable[[Any], Any]) -> list[Batch | str]:
    """Batches of completions and retractions with a merge now and then, and names to forget."""
    live: list[Completion] = []
    gone: set[str] = set()
    story: list[Batch | str] = []
    for _ in range(draw(st.integers(1, 6))):
        what = draw(st.integers(0, 9))
        if what == 0:
            name = draw(st.sampled_from(_PROFILES))
            if name not in gone:
                story.append(name)
                live = [each for each in live if each.profile_id != name]
            continue
        ended = draw(st.lists(st.sampled_from(live), max_size=2, unique_by=id)) if live else []
        merged: tuple[tuple[str, str], ...] = ()
        if what == 1 and not gone:
            merged = (("q", "p"),)
            gone.add("q")
            ended = [each for each in live if each.profile_id == "q"]
        added = [each for each in draw(st.lists(_completions, max_size=7)) if each.profile_id not in gone]
        added = [each for each in added if each not in live]
        live = [each for each in live if not any(each is one for one in ended)] + added
        entries = (*(Retraction(each, to_datetime(9)) for each in ended), *added)
        names = {each.profile_id for each in added} | {new for _, new in merged}
        profiles = {name: kept() for name in names}
        story.append(Batch(profiles=profiles, entries=entries, merged=merged, reached=draw(st.integers(0, 9))))
    return story
