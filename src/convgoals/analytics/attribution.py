"""Which campaigns the completions of a goal are owed to, by several models side by side.

The touches of a completion are the receipts (and further touches) of its profile at or before it, within the window.
Every model shares out each completion, and its value, among its touches; the shares of all touches and of the
completions that have none add up to exactly the completions and exactly the value. Credit is bookkeeping: it says what
came before a completion, and not what caused it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from convgoals.analytics.attribution_result import Attribution, Credit, CreditRow, Touch
from convgoals.analytics.credit import BY_ORDER, UNITS, Model, check_models, time_decay
from convgoals.analytics.data_driven import markov, shapley
from convgoals.analytics.figures import EXACT, Sum, as_number
from convgoals.analytics.journeys import Journey, Key, journeys, read_touchpoints
from convgoals.analytics.periods import Moment, Period, read_period, read_span, read_zone, span_words
from convgoals.analytics.selection import Audience, Selection, check_audience, chunks, clip, select
from convgoals.errors import QuestionError
from convgoals.goals import Goal
from convgoals.instants import MICROSECOND
from convgoals.language.condition import Condition
from convgoals.records import Completion
from convgoals.storage.reader import Reader
from convgoals.suggest import did_you_mean

__all__ = ["Attribution", "Credit", "CreditRow", "Touch", "attribution"]

By = Literal["campaign", "channel"]
BYS = ("campaign", "channel")


def attribution(
    reader: Reader,
    goal: Goal,
    *,
    models: Sequence[Model] | Model = ("first", "last", "linear", "position", "time-decay"),
    window: str | timedelta | None = None,
    touches: Iterable[Touch] | None = None,
    by: By = "campaign",
    half_life: timedelta = timedelta(days=7),
    since: Moment | None = None,
    until: Moment | None = None,
    timezone: str | None = None,
    audience: Audience | None = None,
    version: int | None = None,
    touchpoints: Sequence[str | Condition] | str | Condition = (),
) -> Attribution:
    """The credit for the completions of one goal, in one pass over the receipts and one over its completions.

    Args:
        reader: the ledger.
        goal: the goal.
        models: ``"first"`` and ``"last"`` touch; ``"linear"``, the same to each; ``"position"``, two fifths to the
            first and the last and the rest between; ``"time-decay"``, half as much a half-life earlier;
            ``"markov"``, by removal effect, and ``"shapley"`` (`convgoals.analytics.data_driven`).
        window: how long before a completion a touch may lie (``"30 days"``, or a timedelta; exactly that counts).
        touches: further touches, besides the receipts that the ledger holds.
        by: what is credited: the touch's ``"campaign"`` or its ``"channel"``.
        half_life: of time decay.
        since: completions before it do not count (touches before it do); a date is the start of its day.
        until: completions after it do not count; a date is the end of its day.
        timezone: an IANA zone for dates and calendar months; the goal's, unless given.
        audience: as in `convgoals.analytics.report.report`.
        version: only the completions of that version of the goal; ``None``: of all.
        touchpoints: what else is a touch: occurrences of the language, such as ``"event ad_clicked"``, credited under
            their text (or the event's channel). They are looked for in the facts that are kept of each profile.

    Touches at one instant are taken in the order of their campaigns, then channels. A second completion of a profile
    is owed to all touches before it, also those before the first.

    Raises:
        QuestionError: an argument asks for what cannot be answered.
        GoalSyntaxError, GoalTypeError: a touchpoint, or the audience, is not of the language.
    """
    asked = check_models(models)
    if by not in BYS:
        hint = did_you_mean(str(by), BYS) or f"one of {', '.join(BYS)}"
        raise QuestionError(f"nothing is credited by {by!r:.60}", code="dimension", hint=hint)
    if not isinstance(half_life, timedelta) or half_life <= timedelta(0):
        raise QuestionError(f"half_life={half_life!r:.60} is no span", code="window", hint="timedelta(days=7)")
    name = goal.timezone if timezone is None else timezone
    zone = read_zone(name)
    period = read_period(since, until, zone)
    span = read_span(window, zone, "window")
    selection = select(reader, goal.campaign, check_audience(audience), f"goal {goal.name!r}", period, zone)

    named = read_touchpoints(touchpoints)
    learning = "markov" in asked
    ids: Iterable[str] = ()
    if named:
        ids = selection.ids(reader, period) if learning else _converted(reader, goal, version, selection, period)
    touched = journeys(reader, touches or (), named, ids, by, zone)
    ledger = _Shares(touched, span, half_life if "time-decay" in asked else None)
    for chunk in chunks(reader, goal, version):
        for completion in clip(selection.keep(chunk), period):
            ledger.add(completion)
    lost = ledger.lost(selection, period) if learning else {}
    return Attribution(
        goal=goal.name,
        timezone=name,
        since=period.since,
        until=period.until,
        window=None if window is None else span_words(window),
        by=by,
        models=asked,
        completions=ledger.completions,
        value=ledger.value.total,
        credited=ledger.rows(asked, lost),
    )


def _converted(reader: Reader, goal: Goal, version: int | None, selection: Selection, period: Period) -> frozenset[str]:
    return frozenset(
        completion.profile_id
        for chunk in chunks(reader, goal, version)
        for completion in clip(selection.keep(chunk), period)
    )


class _Shares:
    """Adds up completions by the path of touches before them, which is all that most models need to know."""

    def __init__(
        self, journeys: Mapping[str, Journey], span: Callable[[datetime], datetime] | None, half_life: timedelta | None
    ) -> None:
        self.completions = 0
        self.value = Sum()
        self._profiles: set[str] = set()
        self._journeys = journeys
        self._span = span
        self._half_life = half_life
        self._paths: Counter[tuple[Key, ...]] = Counter()
        self._worth: defaultdict[tuple[Key, ...], Sum] = defaultdict(Sum)
        self._units: Counter[Key] = Counter()
        self._unit_worth: defaultdict[Key, Decimal] = defaultdict(Decimal)

    def add(self, completion: Completion) -> None:
        at = completion.achieved_at
        touches = [
            touch
            for touch in self._journeys.get(completion.profile_id, ())
            if touch[0] <= at and (self._span is None or self._span(touch[0]) >= at)
        ]
        path = tuple(touch[3] for touch in touches)
        self.completions += 1
        self._profiles.add(completion.profile_id)
        self._paths[path] += 1
        self._worth[path].extend((completion.value,))
        self.value.extend((completion.value,))
        if self._half_life is not None and touches:
            worth = as_number(completion.value) or Decimal(0)
            ages = [(at - touch[0]) // MICROSECOND for touch in touches]
            for key, units in zip(path, time_decay(ages, self._half_life), strict=True):
                self._units[key] += units
                self._unit_worth[key] = EXACT.add(self._unit_worth[key], EXACT.multiply(worth, Decimal(units)))

    def lost(self, selection: Selection, period: Period) -> Mapping[tuple[Key, ...], int]:
        """The journeys of the audience in the period that led to no completion."""
        found: Counter[tuple[Key, ...]] = Counter()
        for profile_id, journey in self._journeys.items():
            if profile_id not in self._profiles and selection.includes(profile_id, period):
                path = tuple(touch[3] for touch in journey if touch[0] in period)
                if path:
                    found[path] += 1
        return found

    def rows(self, models: Sequence[str], lost: Mapping[tuple[Key, ...], int]) -> tuple[CreditRow, ...]:
        touched: Counter[Key] = Counter()
        assisted: Counter[Key] = Counter()
        for path, times in self._paths.items():
            for key, number in Counter(path).items():
                touched[key] += number * times
                assisted[key] += times
        shared = {model: self._shared(model, lost) for model in models}
        rows = [
            CreditRow(
                key,
                "none" if key is None else "value",
                touched[key],
                assisted[key],
                {model: shared[model].get(key, Credit()) for model in models},
            )
            for key in dict.fromkeys((*touched, *(key for model in models for key in shared[model])))
        ]
        rows.sort(key=lambda row: (-row.credits[models[0]].completions, -row.assisted, row.key is None, row.key or ""))
        if self._paths[()]:
            alone = Credit(Fraction(self._paths[()]), Fraction(self._worth[()].total))
            rows.append(CreditRow(None, "untouched", 0, self._paths[()], dict.fromkeys(models, alone)))
        return tuple(rows)

    def _shared(self, model: str, lost: Mapping[tuple[Key, ...], int]) -> Mapping[Key, Credit]:
        if model == "time-decay":
            return self._by_time()
        if model == "markov":
            return self._by_removal(lost)
        return self._by_sets() if model == "shapley" else self._by_order(model)

    def _by_removal(self, lost: Mapping[tuple[Key, ...], int]) -> dict[Key, Credit]:
        shares = markov({path: times for path, times in self._paths.items() if path}, lost)
        completions = self.completions - self._paths[()]
        value = Fraction(self.value.total) - Fraction(self._worth[()].total)
        return {key: Credit(share * completions, share * value) for key, share in shares.items()}

    def _by_sets(self) -> dict[Key, Credit]:
        completions: defaultdict[frozenset[Key], Fraction] = defaultdict(Fraction)
        value: defaultdict[frozenset[Key], Fraction] = defaultdict(Fraction)
        for path, times in self._paths.items():
            if path:
                completions[frozenset(path)] += times
                value[frozenset(path)] += Fraction(self._worth[path].total)
        owed, worth = shapley(completions), shapley(value)
        return {key: Credit(owed[key], worth[key]) for key in owed}

    def _by_order(self, model: str) -> dict[Key, Credit]:
        completions: defaultdict[Key, Fraction] = defaultdict(Fraction)
        value: defaultdict[Key, Fraction] = defaultdict(Fraction)
        for path, times in self._paths.items():
            if path:
                worth = Fraction(self._worth[path].total)
                for key, share in zip(path, BY_ORDER[model](len(path)), strict=True):
                    if share:
                        completions[key] += share * times
                        value[key] += share * worth
        return {key: Credit(completions[key], value[key]) for key in completions}

    def _by_time(self) -> dict[Key, Credit]:
        return {
            key: Credit(Fraction(units, UNITS), Fraction(self._unit_worth[key]) / UNITS)
            for key, units in self._units.items()
        }
