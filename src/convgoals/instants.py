"""Instants and spans of time: the one place that turns clocks and calendars into numbers.

Inside the library an instant is an ``int``, the microseconds since 1970-01-01T00:00:00Z, so that comparing,
adding and storing are exact and cheap. Nothing here, or below the outermost faces, reads a clock.
"""

from __future__ import annotations

import functools
import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import attrs
from dateutil.relativedelta import relativedelta

from convgoals.errors import ConvgoalsError

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
WEEK = 7 * DAY

BEGINNING = -(2**62)
"""Before every instant: the lower end of the scope "all of time"."""

# What datetime can say; instants past it cannot be shown, so they are refused at the door.
EARLIEST = (datetime(1, 1, 2, tzinfo=UTC) - EPOCH) // MICROSECOND
LATEST = (datetime(9999, 12, 30, tzinfo=UTC) - EPOCH) // MICROSECOND

_ISO = re.compile(r"\d{4}-?\d\d-?\d\d(?:[T ]\d\d(?::?\d\d(?::?\d\d(?:[.,]\d{1,9})?)?)?(?:Z|z|[+-]\d\d(?::?\d\d)?)?)?\Z")


def to_instant(moment: datetime) -> int:
    """The microseconds since the epoch of an *aware* datetime."""
    return (moment - EPOCH) // MICROSECOND


def to_datetime(instant: int) -> datetime:
    """The UTC datetime of an instant."""
    return EPOCH + timedelta(microseconds=instant)


def read_iso(text: str) -> datetime | date | None:
    """The date, or the aware or naive datetime, that ISO 8601 *text* stands for, or ``None``."""
    if len(text) > 40 or not _ISO.match(text):
        return None
    try:
        return date.fromisoformat(text) if len(text) <= 10 else datetime.fromisoformat(text)
    except ValueError:
        return None


@functools.lru_cache(maxsize=256)
def zone(name: str) -> tzinfo:
    """The time zone of an IANA name such as ``"Europe/Berlin"``.

    Raises:
        ConvgoalsError: there is no such zone (code ``timezone``).
    """
    if name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ConvgoalsError(
            f"there is no time zone {name!r}",
            code="timezone",
            hint='use an IANA name such as "Europe/Berlin"; where the system has no zone files: pip install tzdata',
        ) from error


def wall_to_instant(wall: datetime, timezone: tzinfo) -> int:
    """The instant at which clocks in *timezone* show the naive datetime *wall*.

    A wall time that a clock change skips is the end of the gap, and one that it repeats is the first of the two,
    so that later wall times are never earlier instants.
    """
    moment = wall.replace(tzinfo=timezone)
    instant = to_instant(moment.astimezone(UTC))
    if timezone is UTC or to_datetime(instant).astimezone(timezone).replace(tzinfo=None) == wall:
        return instant
    # In a gap, the offsets before and after it read the same wall time as two instants; the change lies between.
    low, high = sorted((instant, to_instant(moment.replace(fold=1).astimezone(UTC))))
    before = to_datetime(low).astimezone(timezone).utcoffset()
    while high - low > 1:
        middle = (low + high) // 2
        if to_datetime(middle).astimezone(timezone).utcoffset() == before:
            low = middle
        else:
            high = middle
    return high


def start_of_day(day: date, timezone: tzinfo) -> int:
    """The first instant of *day* in *timezone*."""
    return wall_to_instant(datetime.combine(day, time()), timezone)


def add_months(instant: int, months: int, timezone: tzinfo) -> int:
    """*instant* moved by calendar months in *timezone*, clipped at the month's end (semantics §4)."""
    wall = to_datetime(instant).astimezone(timezone).replace(tzinfo=None)
    return wall_to_instant(wall + relativedelta(months=months), timezone)


DISORDER = WEEK
"""So far apart, instants keep their order: clipping a month takes three days, and no clock was ever set by more than
one."""


@attrs.frozen
class Shift:
    """Moves an instant forward by a span: the calendar part first, in a time zone, then the exact part.

    Attributes:
        months: the calendar part.
        microseconds: the exact part.
        timezone: whose calendar.
    """

    months: int
    microseconds: int
    timezone: tzinfo = UTC

    @property
    def keeps_order(self) -> bool:
        """Whether what is moved from a later instant is never earlier.

        Calendar spans do not keep the order: a month from the 29th of January at noon ends after one from the 31st at
        dawn, and where clocks are set back, what comes later has the earlier wall time.
        """
        return self.months == 0

    def overtakes(self, earlier: int, later: int) -> bool:
        """Whether what is moved from *earlier* comes after what is moved from *later*."""
        return self.months != 0 and later - earlier < DISORDER and self(earlier) > self(later)

    def __call__(self, instant: int) -> int:
        if self.months == 0:
            return instant + self.microseconds
        try:
            return add_months(instant, self.months, self.timezone) + self.microseconds
        except (OverflowError, ValueError):  # past the year 9999 every deadline is equally never
            return LATEST + self.microseconds
