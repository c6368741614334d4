"""Calendar buckets of a trend: hours, days, weeks, months and quarters as the clocks of a time zone show them.

Buckets follow each other without gap or overlap whatever the clocks do. A day has 23 or 25 hours where they are
changed. An hour is the instants at which clocks show one hour *with one offset*: the hour that is shown twice in
autumn is two buckets, the one that is skipped in spring is none, and where clocks move by half an hour the hour on
either side is short.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta, tzinfo
from typing import Literal, get_args

from convgoals.errors import QuestionError
from convgoals.instants import DAY, EARLIEST, HOUR, start_of_day, to_datetime, to_instant
from convgoals.suggest import did_you_mean

Every = Literal["hour", "day", "week", "month", "quarter"]
EVERY: tuple[str, ...] = get_args(Every)

MAX_BUCKETS = 100_000
"""More buckets than this are refused: one wrong timestamp must not turn a trend by the hour into a million rows."""

_ABOUT = {"hour": HOUR, "day": 24 * HOUR, "week": 7 * 24 * HOUR, "month": 28 * 24 * HOUR, "quarter": 90 * 24 * HOUR}


def check_every(every: str) -> str:
    """*every* itself. Raises `QuestionError` (code ``every``) where it is no size of bucket."""
    if every in EVERY:
        return every
    hint = did_you_mean(str(every), EVERY) or f"one of {', '.join(EVERY)}"
    raise QuestionError(f"every={every!r:.60} is no size of a bucket", code="every", hint=hint)


def bucket_at(moment: datetime, every: str, timezone: tzinfo) -> tuple[datetime, datetime]:
    """The bucket that holds *moment*: its first instant, and the first instant after it, in UTC."""
    if every == "hour":
        start, end = _hour_at(to_instant(moment), timezone)
        return to_datetime(start), to_datetime(end)
    first = _first_date(moment.astimezone(timezone).date(), every)
    while True:
        following = _next_date(first, every)
        end = _start(following, timezone)
        # Clocks that are set back over midnight show the old date again, after the new day has begun.
        if end > to_instant(moment):
            return to_datetime(_start(first, timezone)), to_datetime(end)
        first = following


def buckets(first: datetime, last: datetime, every: str, timezone: tzinfo) -> Iterator[tuple[datetime, datetime]]:
    """All buckets from the one that holds *first* to the one that holds *last*, none missing.

    Raises:
        QuestionError: there would be more than `MAX_BUCKETS` (code ``every``).
    """
    if (to_instant(last) - to_instant(first)) // _ABOUT[every] > MAX_BUCKETS:
        raise QuestionError(
            f"a trend by the {every} from {first:%Y-%m-%d} to {last:%Y-%m-%d} has more than {MAX_BUCKETS:,} buckets",
            code="every",
            hint="a larger bucket, or a shorter period with since= and until=",
        )
    start, end = bucket_at(first, every, timezone)
    while True:
        yield start, end
        if end > last:
            return
        start, end = bucket_at(end, every, timezone)


def bucket_label(start: datetime, every: str, timezone: tzinfo) -> str:
    """``2026-03-29``, ``2026-W13``, ``2026-03``, ``2026-Q1``; an hour with its offset, which tells repeats apart."""
    local = start.astimezone(timezone)
    if every == "hour":
        text = local.isoformat(" ", "minutes")
        return f"{text[:16]} {text[16:]}"
    day = local.date()
    if every == "day":
        return day.isoformat()
    if every == "week":
        year, week, _ = day.isocalendar()
        return f"{year:04}-W{week:02}"
    return f"{day.year:04}-{day.month:02}" if every == "month" else f"{day.year:04}-Q{(day.month + 2) // 3}"


def _first_date(day: date, every: str) -> date:
    if every == "day":
        return day
    if every == "week":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1, month=day.month if every == "month" else (day.month - 1) // 3 * 3 + 1)


def _next_date(first: date, every: str) -> date:
    if every in ("day", "week"):
        days = 1 if every == "day" else 7
        return first + timedelta(days=days) if (date.max - first).days > days else date.max
    months = first.year * 12 + first.month - 1 + (1 if every == "month" else 3)
    return date(months // 12, months % 12 + 1, 1) if months < 120_000 else date.max


def _start(day: date, timezone: tzinfo) -> int:
    try:
        return start_of_day(day, timezone)
    except OverflowError:  # the first day of the year 1, east of Greenwich
        return EARLIEST - DAY


def _hour_at(instant: int, timezone: tzinfo) -> tuple[int, int]:
    """The bucket around *instant*: from the last full hour on the clock, or the last clock change if that is later."""
    local = to_datetime(instant).astimezone(timezone)
    offset = local.utcoffset()
    into = ((local.minute * 60 + local.second) * 1_000_000) + local.microsecond
    start, end = instant - into, instant - into + HOUR

    def same(at: int) -> bool:
        return to_datetime(at).astimezone(timezone).utcoffset() == offset

    if not same(start):
        start = _first_where(same, start, instant)
    if not same(end - 1):
        end = _first_where(lambda at: not same(at), instant, end - 1)
    return start, end


def _first_where(holds: Callable[[int], bool], low: int, high: int) -> int:
    """The first instant after *low* at which *holds*; it does not at *low*, does at *high*, and changes once."""
    while high - low > 1:
        middle = (low + high) // 2
        if holds(middle):
            high = middle
        else:
            low = middle
    return high
