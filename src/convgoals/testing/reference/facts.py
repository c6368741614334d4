"""Semantics §1: the log of a profile, and the profile that its facts describe."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from datetime import tzinfo
from typing import Any, Concatenate, ParamSpec, TypeVar

import attrs

from convgoals.errors import FactError
from convgoals.records import Fact, ProfileSnapshot, ProfileUpdate

P = ParamSpec("P")
R = TypeVar("R")


@attrs.frozen(eq=False)
class Log:
    """The facts of one profile, without duplicates, and the time zone in which the goal reads them.

    Attributes:
        facts: in the order in which they were received, which nothing below depends on.
        ids: the id of each fact, at the same place.
        timezone: the goal's.
        instants: every instant at which anything may change, ascending.
        answers: what was already asked, see `remembered`.
    """

    facts: tuple[Fact, ...]
    ids: tuple[str, ...]
    timezone: tzinfo
    instants: tuple[int, ...] = ()
    answers: dict[tuple[object, ...], Any] = attrs.field(factory=dict, repr=False)


def remembered(question: Callable[Concatenate[Log, P], R]) -> Callable[Concatenate[Log, P], R]:
    """*question*, asked of a log only once with the same arguments; nodes count by identity."""

    @functools.wraps(question)
    def answer(log: Log, /, *args: P.args, **kwargs: P.kwargs) -> R:
        key = (question, *[id(part) if hasattr(part, "span") else part for part in args])
        known = log.answers.get(key)
        if known is None:
            # The arguments are kept too: as long as a node lives, no other can have its identity.
            known = log.answers[key] = (question(log, *args, **kwargs), args)
        found: R = known[0]
        return found

    return answer


def read_log(facts: Iterable[Fact], timezone: tzinfo) -> Log:
    """The log that *facts* make: two with the same id are one, and the first received stays.

    A fact without an id is never a duplicate; it is called ``fresh-0``, ``fresh-1`` … by its place among *facts*.

    Raises:
        FactError: the facts are of several profiles (code ``several-profiles``).
    """
    kept: dict[str, Fact] = {}
    profiles: set[str] = set()
    for place, fact in enumerate(facts):
        profiles.add(fact.profile_id)
        if fact.id is None:
            kept[f"fresh-{place}"] = fact
        elif fact.id not in kept:
            kept[fact.id] = fact
    if len(profiles) > 1:
        raise FactError(
            f"these facts are of {len(profiles)} profiles, and a goal is evaluated for one",
            code="several-profiles",
            hint="evaluate each profile's facts alone",
        )
    return Log(tuple(kept.values()), tuple(kept), timezone)


@attrs.frozen(eq=False)
class Profile:
    """What is known of a profile at one instant."""

    properties: Mapping[str, Any] = attrs.field(factory=dict)
    segments: tuple[str, ...] = ()


def after(profile: Profile, fact: ProfileSnapshot | ProfileUpdate) -> Profile:
    """*profile* once *fact* has applied."""
    if isinstance(fact, ProfileSnapshot):
        return Profile(fact.properties, fact.segments)
    merged = {**profile.properties, **fact.properties}
    present = {name: value for name, value in merged.items() if value is not None}
    return Profile(present, profile.segments if fact.segments is None else fact.segments)


@remembered
def profile_facts(log: Log) -> tuple[int, ...]:
    """The places of the snapshots and updates, in the order in which they apply: by timestamp, then id."""
    places = [place for place, fact in enumerate(log.facts) if isinstance(fact, (ProfileSnapshot, ProfileUpdate))]
    return tuple(sorted(places, key=lambda place: (log.facts[place].instant, log.ids[place])))


@remembered
def profile_at(log: Log, instant: int) -> Profile:
    """The profile once every fact at or before *instant* has applied."""
    profile = Profile()
    for place in profile_facts(log):
        fact = log.facts[place]
        if isinstance(fact, (ProfileSnapshot, ProfileUpdate)) and fact.instant <= instant:
            profile = after(profile, fact)
    return profile
