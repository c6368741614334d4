"""Goals as the stages of a funnel: how many got how far, how long it took, and who went no further.

A profile reaches stage k if it has completions c1 <= c2 <= … <= ck of the first k goals, within the windows. It counts
once, at the furthest stage that any choice of its completions reaches; `chains` says which choice its times are of.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import accumulate
from typing import Literal, TypeAlias

import attrs

from convgoals.analytics.chains import Deadline, in_any_order, in_order
from convgoals.analytics.cuts import check_dimension, dimension
from convgoals.analytics.dimensions import Dimension, check_limit, largest_first, split
from convgoals.analytics.figures import Durations, durations_of
from convgoals.analytics.funnel_result import Funnel, Group, Stage
from convgoals.analytics.periods import Moment, Period, exact_span, read_period, read_span, read_zone, span_words
from convgoals.analytics.selection import Audience, as_of, check_audience, check_counts, chunks, clip, select
from convgoals.analytics.stats import CONFIDENCE, Difference, Proportion, check_confidence, correct, difference
from convgoals.errors import QuestionError
from convgoals.goals import Goal
from convgoals.instants import MICROSECOND
from convgoals.language.condition import Condition
from convgoals.records import Completion
from convgoals.storage.passages import Passages, Stages
from convgoals.storage.reader import Reader
from convgoals.suggest import did_you_mean

__all__ = ["Funnel", "Group", "Stage", "funnel"]

Order = Literal["strict", "any"]
ORDERS = ("strict", "any")

_Path: TypeAlias = list[datetime]
"""When a profile reached each stage, as far as it got."""


def funnel(
    reader: Reader,
    goals: Sequence[Goal],
    *,
    within: str | timedelta | None = None,
    between: str | timedelta | None = None,
    order: Order = "strict",
    breakdown: str | None = None,
    since: Moment | None = None,
    until: Moment | None = None,
    timezone: str | None = None,
    audience: Audience | None = None,
    limit: int = 10,
    versions: Mapping[str, int] | None = None,
    confidence: float = CONFIDENCE,
) -> Funnel:
    """The funnel of *goals*, in one pass over the completions of each.

    Args:
        reader: the ledger.
        goals: the stages, each another goal.
        within: how long after the first stage the later ones may be (``"7 days"``, or a timedelta; exactly that
            counts). In any order: after the earliest of them.
        between: how long after the stage before each may be. Only in strict order.
        order: ``"strict"``: each stage at or after the one before. ``"any"``: stage k is reached by the first k goals
            in whatever order.
        breakdown: as in `convgoals.analytics.report.report`, of the profile's first stage.
        since: completions before it do not count; a date is the start of its day.
        until: completions after it do not count; a date is the end of its day.
        timezone: an IANA zone for dates and calendar months; the first goal's, unless given.
        audience: by default a goal that is linked to a campaign counts recipients, and completions at or after the
            first receipt; ``"all"`` counts everyone; a condition on the profile, those with it at the end of the
            period. The first stage is of the first goal's audience.
        limit: how many groups there are at the most, besides one for all others.
        versions: only completions of that version, for each goal named; of the others: of all.
        confidence: of the intervals.

    Raises:
        QuestionError: an argument asks for what cannot be answered.
        StoreError: the store contradicts itself.
    """
    stages = tuple(goals)
    _check(stages, order, between)
    who = check_audience(audience)
    _check_linked(stages, who)
    name = stages[0].timezone if timezone is None else timezone
    zone = read_zone(name)
    period = read_period(since, until, zone)
    cut = check_dimension(breakdown)
    check_limit(limit)
    check_confidence(confidence)
    spans = (read_span(within, zone, "within"), read_span(between, zone, "between"))

    plain = order == "strict" and between is None and cut is None
    asked = _stages_of(stages, period, within, versions or {}, who) if plain else None
    if asked is not None:
        way = _way_of(reader.passages(asked), reader.profile_count())
        groups: tuple[Group, ...] = ()
    else:
        walk = _Walk(order, *spans, keep_first=cut is not None)
        total = 0
        for number, goal in enumerate(stages):
            selection = select(reader, goal.campaign, _of_goal(goal, who, number), f"goal {goal.name!r}", period, zone)
            total = total if number else selection.size(period)
            for chunk in chunks(reader, goal, (versions or {}).get(goal.name)):
                walk.feed(number, clip(selection.keep(chunk), period))
        paths = walk.paths()
        way = _way_along(paths, len(stages), total)
        by = dimension(cut, reader, lambda: iter(paths), as_of(reader, period))
        groups = () if by is None else _groups(stages, paths, walk.first, by, limit, confidence)
    check_counts(way.counts[0], way.audience)
    return Funnel(
        timezone=name,
        since=period.since,
        until=period.until,
        order=order,
        within=None if within is None else span_words(within),
        between=None if between is None else span_words(between),
        stages=way.stages(stages, confidence),
        dimension=cut,
        groups=groups,
        profiles=way.stopped,
    )


def _check(goals: Sequence[Goal], order: str, between: object) -> None:
    if len(goals) < 2:
        raise QuestionError("a funnel has at least two goals", code="stages", hint='funnel(["visit", "purchase"])')
    names = [goal.name for goal in goals]
    for name, times in Counter(names).items():
        if times > 1:
            raise QuestionError(f"goal {name!r} is a stage more than once", code="stages")
    if order not in ORDERS:
        hint = did_you_mean(str(order), ORDERS) or '"strict" or "any"'
        raise QuestionError(f"order={order!r:.60} is no order of stages", code="order", hint=hint)
    if order == "any" and between is not None:
        raise QuestionError(
            "between= is about neighbours, and in any order there are none", code="order", hint="within="
        )


def _of_goal(goal: Goal, audience: Audience | None, number: int) -> Audience | None:
    """The audience of one stage: nobody who is not in the first can be in the others, so a condition is asked once."""
    if isinstance(audience, Condition):
        return audience if number == 0 else None
    return audience if goal.campaign else None


def _check_linked(goals: Sequence[Goal], audience: Audience | None) -> None:
    if audience == "recipients" and not any(goal.campaign for goal in goals):
        raise QuestionError(
            "none of the goals is linked to a campaign, so there are no recipients to count",
            code="audience",
            hint='link one (campaign="…"), or audience="all"',
        )


def _stages_of(
    goals: Sequence[Goal],
    period: Period,
    within: str | timedelta | None,
    versions: Mapping[str, int],
    audience: Audience | None,
) -> Stages | None:
    """What a store answers by itself: a funnel of everyone, with no window or one of an exact length."""
    span = None if within is None else exact_span(within)
    if within is not None and span is None:
        return None
    if audience != "all" and (audience is not None or any(goal.campaign for goal in goals)):
        return None
    return Stages(
        [(goal.name, versions.get(goal.name)) for goal in goals],
        *period.instants,
        span,
    )


@attrs.frozen
class _Way:
    """How far everyone got.

    Attributes:
        counts: for each stage, how many reached it.
        times: how long it took from the stage before.
        stopped: who went no further.
        audience: of how many the first stage is.
    """

    counts: Sequence[int]
    times: Sequence[Durations]
    stopped: Sequence[Sequence[str]]
    audience: int

    def stages(self, goals: Sequence[Goal], confidence: float) -> tuple[Stage, ...]:
        """The stages of the funnel."""
        counts = self.counts
        return tuple(
            Stage(
                number=index + 1,
                goal=goal.name,
                step=Proportion(counts[index], counts[index - 1] if index else self.audience, confidence),
                overall=Proportion(counts[index], counts[0], confidence),
                dropped=counts[index] - counts[index + 1] if index + 1 < len(goals) else 0,
                time=self.times[index],
            )
            for index, goal in enumerate(goals)
        )


def _way_of(passages: Passages[str], audience: int) -> _Way:
    counts = list(accumulate(map(len, reversed(passages.stopped))))
    counts.reverse()
    return _Way(counts, [Durations(), *map(durations_of, passages.waits)], passages.stopped, audience)


def _way_along(paths: Mapping[str, _Path], stages: int, audience: int) -> _Way:
    stopped: list[list[str]] = [[] for _ in range(stages)]
    waits: list[list[int]] = [[] for _ in range(stages - 1)]
    for profile_id, path in paths.items():
        stopped[len(path) - 1].append(profile_id)
        for index in range(1, len(path)):
            waits[index - 1].append((path[index] - path[index - 1]) // MICROSECOND)
    return _way_of(Passages(waits, stopped), audience)


class _Walk:
    """Each profile's way through the funnel, made while the completions of one goal after the other go by.

    The earliest next completion is the right one to take wherever nothing limits neighbours and the start is given:
    then a profile needs no more than its path so far. The completions themselves are kept only of profiles for whom
    `chains` has to weigh one choice against another.
    """

    def __init__(self, order: str, within: Deadline | None, between: Deadline | None, *, keep_first: bool) -> None:
        self.first: dict[str, list[Completion]] = {}
        self._strict = order == "strict"
        self._within = within
        self._between = between
        self._keep_first = keep_first
        self._weigh_all = between is not None or (order == "any" and within is not None)
        self._paths: dict[str, _Path] = {}
        self._weighed: dict[str, list[list[datetime]]] = {}

    def feed(self, number: int, completions: list[Completion]) -> None:
        """Takes in the next completions of the goal at place *number*, from 0."""
        if number == 0:
            self._enter(completions)
            return
        paths, weighed, strict, within = self._paths, self._weighed, self._strict, self._within
        for completion in completions:
            profile_id = completion.profile_id
            path = paths.get(profile_id)
            if path is None:  # without the first goal, a profile is not in the funnel, whatever else it did
                continue
            if weighed and (lists := weighed.get(profile_id)) is not None:
                lists.extend([] for _ in range(len(lists), number + 1))
                lists[number].append(completion.achieved_at)
            elif len(path) == number:
                at = completion.achieved_at
                if not strict or (at >= path[-1] and (within is None or at <= within(path[0]))):
                    path.append(at)

    def _enter(self, completions: list[Completion]) -> None:
        paths, weighed = self._paths, self._weighed
        for completion in completions:
            profile_id, at = completion.profile_id, completion.achieved_at
            path = paths.get(profile_id)
            if path is None:
                paths[profile_id] = [at]
                if self._weigh_all:
                    weighed[profile_id] = [[at]]
            elif self._within is not None or self._weigh_all:  # another start, from which the window ends later
                weighed.setdefault(profile_id, [path[:]])[0].append(at)
        if self._keep_first:
            for completion in completions:
                self.first.setdefault(completion.profile_id, []).append(completion)

    def paths(self) -> dict[str, _Path]:
        """For each profile in the funnel, when it reached each stage, as far as it got."""
        for profile_id, lists in self._weighed.items():
            if self._strict:
                self._paths[profile_id] = in_order(lists, self._within, self._between)
            else:
                self._paths[profile_id] = in_any_order(lists, self._within)
        if not self._strict:
            # A stage is reached when the last of its goals is: time never runs backwards.
            return {profile_id: list(accumulate(path, max)) for profile_id, path in self._paths.items()}
        return self._paths


def _groups(
    goals: Sequence[Goal],
    paths: Mapping[str, _Path],
    entered: Mapping[str, list[Completion]],
    by: Dimension,
    limit: int,
    confidence: float,
) -> tuple[Group, ...]:
    members: defaultdict[str | None, dict[str, _Path]] = defaultdict(dict)
    firsts = [next(each for each in entered[who] if each.achieved_at == path[0]) for who, path in paths.items()]
    for (profile_id, path), group in zip(paths.items(), by.groups(firsts), strict=True):
        for key in by.values(group):
            members[key][profile_id] = path
    sizes = {key: len(group) for key, group in members.items()}
    kept, rest = split(largest_first(sizes, sizes), limit)
    last = sum(len(path) == len(goals) for path in paths.values())

    def stages_of(group: Mapping[str, _Path]) -> tuple[Stage, ...]:
        return _way_along(group, len(goals), len(paths)).stages(goals, confidence)

    listed = [(key, stages_of(members[key])) for key in kept]
    differences = correct([_against_rest(stages[-1].overall, last, len(paths)) for _, stages in listed])
    groups = [
        Group(key, "none" if key is None else "value", stages, difference)
        for (key, stages), difference in zip(listed, differences, strict=True)
    ]
    if rest:
        others = {profile_id: path for key in rest for profile_id, path in members[key].items()}
        groups.append(Group(None, "others", stages_of(others), None))
    return tuple(groups)


def _against_rest(group: Proportion, last: int, entered: int) -> Difference:
    return difference(Proportion(last - group.count, entered - group.total, group.confidence), group)
