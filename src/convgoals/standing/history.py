"""When each part of a condition holds, and what fires it (semantics §4), over a whole log and on into the future.

What a condition is at every instant is worked out at once, as a set of intervals: an ``and`` is what its parts have in
common, a ``not`` the rest. Facts beyond the log's ``now`` do not count, so what is said of later instants is what time
alone will bring if nothing more happens. There is no state, no index and no order of arrival; engines and the reference
evaluator are made otherwise, and tests hold all three together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple, TypeVar

from convgoals.instants import start_of_day
from convgoals.language import ast
from convgoals.predicates.values import as_moment, dig, moment
from convgoals.standing import chains
from convgoals.standing.aggregates import Comparing
from convgoals.standing.intervals import (
    ALL_OF_TIME,
    END,
    NEVER_SO,
    Interval,
    Intervals,
    around,
    both,
    cut,
    tidy,
    without,
)
from convgoals.standing.log import Log, Occurrence

R = TypeVar("R")

Firings = dict[int, frozenset[Occurrence | None]]
"""By instant, what fires: occurrences, and ``None`` for "it has just become so"."""


class Opening(NamedTuple):
    """A window that opens.

    Attributes:
        anchor: the instant that it is counted from.
        scope: what of time it leaves to its condition.
        valid: the instants at which this anchor is the one that counts.
    """

    anchor: int
    scope: Interval
    valid: Interval

    @property
    def last(self) -> int:
        """The last instant at which it is open."""
        return min(self.scope[1], self.valid[1])


class History:
    """A log, and what is known of the conditions over it. Answers are remembered."""

    def __init__(self, log: Log) -> None:
        self.log = log
        self._known: dict[tuple[str, int, Interval], tuple[Any, object]] = {}

    def _remember(self, what: str, node: ast.Node, scope: Interval, ask: Callable[[], R]) -> R:
        key = what, id(node), scope
        if key not in self._known:
            self._known[key] = ask(), node  # the node is kept too: no other can then have its identity
        found: R = self._known[key][0]
        return found

    # ---- holds

    def truth(self, node: ast.Condition, scope: Interval = ALL_OF_TIME) -> Intervals:
        """The instants of *scope* at which the condition holds in it."""
        if scope[0] > scope[1]:
            return NEVER_SO
        return self._remember("truth", node, scope, lambda: self._truth(node, scope))

    def _truth(self, node: ast.Condition, scope: Interval) -> Intervals:  # noqa: C901, PLR0911  the rows of the table
        match node:
            case ast.EventOccurrence() | ast.ChangeOccurrence() | ast.ReceiptOccurrence():
                return _from_then_on((each.at for each in self.seen(node, scope)), scope)
            case ast.InLast(occurrence, duration):
                ends = ((each.at, self.log.later(each.at, duration)) for each in self.seen(occurrence, scope))
                return cut(tidy(ends), scope)
            case ast.Compare() | ast.Membership() | ast.Range() | ast.Matches() | ast.Presence():
                return self.comparing(node, scope).truth()
            case ast.InSegment(segment):
                return cut(self._while_profile(lambda segments: segment in segments), scope)
            case ast.And(terms):
                found: Intervals = (scope,)
                for term in terms:
                    found = both(found, self.truth(term, scope))
                return found
            case ast.Or(terms):
                return tidy(each for term in terms for each in self.truth(term, scope))
            case ast.Not(term):
                return without(self.truth(term, scope), scope)
            case ast.Chain(absence=None):
                return _from_then_on((way.last.at for way in self.ways(node, scope)), scope)
            case ast.Chain():
                return _from_then_on((deadline for deadline, _ in self.deadlines(node, scope)), scope)
            case ast.Window() | ast.Between():
                return _from_then_on(self._achieved(node, scope), scope)
            case ast.Held(condition, duration):
                runs = self.truth(condition, scope)
                return tuple((due, last) for first, last in runs if (due := self.log.later(first, duration)) <= last)

    def seen(self, node: ast.Occurrence, scope: Interval) -> list[Occurrence]:
        """The occurrences in the scope, in order."""
        return [each for each in self.log.occurrences(node) if scope[0] <= each.at <= scope[1]]

    def comparing(self, node: ast.Comparison, scope: Interval) -> Comparing:
        """A comparison, with its aggregates counted in *scope*."""
        return self._remember("comparing", node, scope, lambda: Comparing(self.log, node, scope))

    def ways(self, node: ast.Chain, scope: Interval) -> list[chains.Way]:
        """The ways in which a chain, but for its ``not followed``, came about."""
        return self._remember("ways", node, scope, lambda: chains.ways(self.log, node, scope))

    def deadlines(self, node: ast.Chain, scope: Interval) -> list[tuple[int, chains.Way]]:
        """The deadlines of a chain's ``not followed`` that pass."""
        absence = node.absence
        if absence is None:
            return []
        return self._remember("deadlines", node, scope, lambda: chains.deadlines(self.log, node, absence, scope))

    def _while_profile(self, test: Callable[[tuple[str, ...]], bool]) -> Intervals:
        profiles = self.log.profiles
        ends = [profile.since - 1 for profile in profiles[1:]] + [END]
        return tidy((each.since, end) for each, end in zip(profiles, ends, strict=True) if test(each.segments))

    # ---- windows

    def openings(self, node: ast.Window | ast.Between, scope: Interval = ALL_OF_TIME) -> list[Opening]:
        """The windows that open in *scope*, those of anchors in the future of the log too, by anchor."""
        return self._remember("openings", node, scope, lambda: sorted(self._openings(node, scope)))

    def _openings(self, node: ast.Window | ast.Between, scope: Interval) -> Iterator[Opening]:
        if isinstance(node, ast.Between):
            first, last = self.bounds(node)
            yield Opening(first, _narrowed(scope, first, last), ALL_OF_TIME)
            return
        if isinstance(node.anchor, ast.PropertyAnchor):
            yield from self._property_openings(node, node.anchor, scope)
            return
        which = node.anchor.which
        ats = sorted({each.at for each in self.seen(node.anchor.occurrence, scope)})
        for place, at in enumerate(ats):
            until = ats[place + 1] - 1 if which == "last" and place + 1 < len(ats) else END
            yield Opening(at, _narrowed(scope, at, self.log.later(at, node.duration)), (at, until))
            if which == "first":
                return

    def _property_openings(self, node: ast.Window, anchor: ast.PropertyAnchor, scope: Interval) -> Iterator[Opening]:
        """What the property says *at each time*: an anchor counts for as long as it says so."""
        profiles = self.log.profiles
        said: list[tuple[int | None, int, int]] = []
        for profile, following in zip(profiles, [*profiles[1:], None], strict=True):
            at = as_moment(dig(profile.properties, anchor.path), self.log.timezone)
            until = END if following is None else following.since - 1
            if said and said[-1][0] == at:
                said[-1] = (at, said[-1][1], until)
            else:
                said.append((at, profile.since, until))
        for at, since, until in said:
            if at is not None:
                end = self.log.later(at, node.duration)
                yield Opening(at, _narrowed(scope, at, end), (max(at, since), until))

    def bounds(self, node: ast.Between) -> Interval:
        """The first and the last instant of a ``between``: a bare end date lasts to the end of its day."""
        timezone = self.log.timezone
        first = as_moment(node.start.value, timezone)
        if isinstance(node.end, ast.Date):
            last = start_of_day(node.end.value.fromordinal(node.end.value.toordinal() + 1), timezone) - 1
        else:
            last = moment(node.end.value, timezone)
        return (END if first is None else first), last

    def inside(self, node: ast.Window | ast.Between, opening: Opening) -> Intervals:
        """When the window's condition holds in it, while its anchor counts."""
        return cut(self.truth(node.condition, opening.scope), opening.valid)

    def _achieved(self, node: ast.Window | ast.Between, scope: Interval) -> Iterator[int]:
        for opening in self.openings(node, scope):
            held = self.inside(node, opening)
            if held:
                yield held[0][0]

    # ---- fires

    def firings(self, node: ast.Condition, scope: Interval = ALL_OF_TIME) -> Firings:
        """What fires the condition in *scope*, by instant."""
        if scope[0] > scope[1]:
            return {}
        return self._remember("firings", node, scope, lambda: self._firings(node, scope))

    def _firings(self, node: ast.Condition, scope: Interval) -> Firings:
        truth = self.truth(node, scope)
        found: dict[int, set[Occurrence | None]] = {}
        for at, triggers in self._triggers(node, scope):
            if around(truth, at) is not None:
                found.setdefault(at, set()).update(triggers)
        for first, _ in truth:
            found.setdefault(first, {None})
        return {at: frozenset(triggers) for at, triggers in found.items()}

    def _triggers(  # noqa: C901, PLR0912  the rows of the table
        self, node: ast.Condition, scope: Interval
    ) -> Iterator[tuple[int, Iterable[Occurrence | None]]]:
        """What fires the condition where it holds, but for its having just become so."""
        match node:
            case ast.EventOccurrence() | ast.ChangeOccurrence() | ast.ReceiptOccurrence():
                yield from ((each.at, (each,)) for each in self.seen(node, scope))
            case ast.InLast(occurrence):
                yield from ((each.at, (each,)) for each in self.seen(occurrence, scope))
            case ast.Compare() | ast.Membership() | ast.Range() | ast.Matches() | ast.Presence():
                for tally in self.comparing(node, scope).tallies:
                    # One that is of a span of no length at all counts at its own instant only, as do all others.
                    yield from ((each.at, (each,)) for each in tally.counted)
            case ast.And(terms) | ast.Or(terms):
                for term in terms:
                    yield from self.firings(term, scope).items()
            case ast.Chain(absence=None):
                yield from ((way.last.at, (way.last,)) for way in self.ways(node, scope))
            case ast.Chain():
                yield from ((deadline, (None,)) for deadline, _ in self.deadlines(node, scope))
            case ast.Window() | ast.Between():
                for opening in self.openings(node, scope):
                    for at, triggers in self.firings(node.condition, opening.scope).items():
                        if opening.valid[0] <= at <= opening.valid[1]:
                            yield at, triggers
            case ast.Not() | ast.InSegment() | ast.Held():
                return


def _from_then_on(ats: Iterable[int], scope: Interval) -> Intervals:
    """What stays so from the first of *ats* on."""
    first = min(ats, default=None)
    return () if first is None else ((first, scope[1]),)


def _narrowed(scope: Interval, first: int, last: int) -> Interval:
    return max(scope[0], first), min(scope[1], last)
