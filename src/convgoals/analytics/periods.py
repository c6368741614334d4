"""The time that a question is about: periods, the period before, and spans such as a funnel's window.

A period has both ends in, like every span of the language (semantics §4). What a user writes as a date is that whole
day in the time zone of the question. Datetimes inside are UTC: comparing two of them is then comparing instants.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, tzinfo

import attrs
from dateutil.relativedelta import relativedelta

from convgoals.errors import ConvgoalsError, GoalError, QuestionError
from convgoals.instants import (
    LATEST,
    MICROSECOND,
    Shift,
    read_iso,
    start_of_day,
    to_datetime,
    to_instant,
    wall_to_instant,
    zone,
)
from convgoals.language.parse import parse_duration

Moment = date | datetime | str
"""A date, a datetime (a naive one is read in the question's time zone), or ISO 8601 text of either."""

_NEVER = to_datetime(LATEST)


@attrs.frozen
class Period:
    """The instants from ``since`` to ``until``, both in; ``None`` is open on that side. UTC datetimes."""

    since: datetime | None = None
    until: datetime | None = None

    @property
    def everything(self) -> bool:
        """Whether the period is all of time."""
        return self.since is None and self.until is None

    @property
    def instants(self) -> tuple[int | None, int | None]:
        """Both ends, as a store is asked for them."""
        since, until = self.since, self.until
        return None if since is None else to_instant(since), None if until is None else to_instant(until)

    def joined(self, other: Period) -> Period | None:
        """All that lies in this one or the *other*; ``None`` where there is something in between."""
        first, second = sorted((self, other), key=lambda each: (each.since is not None, each.since or _NEVER))
        if first.until is not None and second.since is not None and first.until + MICROSECOND < second.since:
            return None
        until = None if first.until is None or second.until is None else max(first.until, second.until)
        return Period(first.since, until)

    def __contains__(self, moment: datetime) -> bool:
        return (self.since is None or self.since <= moment) and (self.until is None or moment <= self.until)

    def text(self, timezone: tzinfo) -> str:
        """``2026-01-01 to 2026-01-31``: whole days as dates, other ends as datetimes, in *timezone*."""
        if self.since is None:
            return "all time" if self.until is None else f"until {_end_text(self.until, timezone)}"
        start = _moment_text(self.since, timezone)
        return f"since {start}" if self.until is None else f"{start} to {_end_text(self.until, timezone)}"


def _moment_text(moment: datetime, timezone: tzinfo) -> str:
    if _is_start_of_day(moment, timezone):
        return moment.astimezone(timezone).date().isoformat()
    return moment.astimezone(timezone).isoformat(" ", "minutes" if moment.second == 0 else "seconds")


def _end_text(until: datetime, timezone: tzinfo) -> str:
    if _is_start_of_day(until + MICROSECOND, timezone):
        return until.astimezone(timezone).date().isoformat()
    return until.astimezone(timezone).isoformat(" ", "minutes" if until.second == 0 else "seconds")


def _is_start_of_day(moment: datetime, timezone: tzinfo) -> bool:
    return start_of_day(moment.astimezone(timezone).date(), timezone) == to_instant(moment)


def read_zone(name: str) -> tzinfo:
    """The time zone of an IANA name. Raises `QuestionError` (code ``timezone``)."""
    try:
        return zone(name)
    except (ConvgoalsError, TypeError) as error:
        hint = error.hint if isinstance(error, ConvgoalsError) else ""
        raise QuestionError(f"there is no time zone {name!r:.80}", code="timezone", hint=hint) from None


def read_period(since: Moment | None, until: Moment | None, timezone: tzinfo) -> Period:
    """The period that a user's *since* and *until* mean. Raises `QuestionError` (code ``period``)."""
    start = None if since is None else _read(since, timezone, "since", end=False)
    stop = None if until is None else _read(until, timezone, "until", end=True)
    if start is not None and stop is not None and start > stop:
        raise QuestionError(
            f"the period ends ({until}) before it begins ({since})", code="period", hint="since <= until"
        )
    return Period(start, stop)


def _read(value: Moment, timezone: tzinfo, name: str, *, end: bool) -> datetime:
    moment = read_iso(value) if isinstance(value, str) else value
    try:
        if isinstance(moment, datetime):
            if moment.tzinfo is not None and moment.utcoffset() is not None:
                return moment.astimezone(UTC)
            return to_datetime(wall_to_instant(moment.replace(tzinfo=None), timezone))
        if isinstance(moment, date):
            if end:
                return to_datetime(start_of_day(moment + timedelta(days=1), timezone)) - MICROSECOND
            return to_datetime(start_of_day(moment, timezone))
    except OverflowError:
        raise QuestionError(f"{name}={value!s:.60} is out of range", code="period") from None
    raise QuestionError(f"{name}={value!r:.60} is no date or datetime", code="period", hint=f'{name}="2026-01-31"')


def previous(period: Period, reached: datetime | None, timezone: tzinfo) -> Period:
    """The period just before *period*, of the same length.

    A period of whole calendar months (in *timezone*) is preceded by as many months, one of whole days by as many
    days, any other by the same exact span. One that is open at its end is taken to end where time has got to.

    Raises:
        QuestionError: *period* has no beginning, or nothing has happened yet (code ``baseline``).
    """
    until = period.until if period.until is not None else reached
    if period.since is None or until is None or until < period.since:
        raise QuestionError(
            "there is no period before: the report's period needs a beginning that time has reached",
            code="baseline",
            hint='since="2026-02-01", until="2026-02-28", baseline="previous"',
        )
    try:
        return _before(period.since, until + MICROSECOND, timezone)
    except OverflowError:
        raise QuestionError("the period before would begin before the year 1", code="baseline") from None


def _before(start: datetime, stop: datetime, timezone: tzinfo) -> Period:
    if not (_is_start_of_day(start, timezone) and _is_start_of_day(stop, timezone)):
        return Period(start - (stop - start), start - MICROSECOND)
    first, past = (moment.astimezone(timezone).date() for moment in (start, stop))
    if first.day == past.day == 1:
        before = first - relativedelta(months=(past.year - first.year) * 12 + past.month - first.month)
    else:
        before = first - (past - first)
    return Period(to_datetime(start_of_day(before, timezone)), start - MICROSECOND)


def exact_span(value: str | timedelta) -> int | None:
    """The microseconds of a span that `read_span` reads; ``None`` where they depend on the calendar."""
    if isinstance(value, timedelta):
        return value // MICROSECOND
    duration = parse_duration(value)
    return None if duration.months else duration.microseconds


def read_span(value: str | timedelta | None, timezone: tzinfo, name: str) -> Callable[[datetime], datetime] | None:
    """A function from an instant to the last instant that is within the span of it; ``None`` without a span.

    *value* is text of the language (``"7 days"``, ``"1 month"``) or a timedelta. Always computed forward from the
    earlier end, also for calendar months. Raises `QuestionError` (code ``window``) where it is no span.
    """
    if value is None:
        return None
    if isinstance(value, str):
        try:
            duration = parse_duration(value)
        except GoalError as error:
            raise QuestionError(
                f"{name}={value!r:.60} is no span of time: {error.message}", code="window", hint=f'{name}="7 days"'
            ) from None
        months, microseconds = duration.months, duration.microseconds
    elif isinstance(value, timedelta) and value >= timedelta(0):
        months, microseconds = 0, value // MICROSECOND
    else:
        raise QuestionError(f"{name}={value!r:.60} is no span of time", code="window", hint=f'{name}="7 days"')
    if months:
        shift = Shift(months, microseconds, timezone)
        return lambda moment: to_datetime(min(LATEST, shift(to_instant(moment))))
    span = timedelta(microseconds=microseconds)

    def add(moment: datetime) -> datetime:
        try:
            return moment + span
        except OverflowError:
            return _NEVER

    return add


def span_words(value: str | timedelta) -> str:
    """A span as it was written, for titles."""
    return value if isinstance(value, str) else f"{value}"
