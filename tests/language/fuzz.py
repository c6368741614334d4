"""Texts that nobody would write, and the law that they hold: a condition, or an error of the tree in its place.

Run ``python tests/language/fuzz.py --count 1000000`` for the large run; the tests run a small one.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import sys
import time

import attrs

from convgoals.errors import GoalError
from convgoals.language.condition import Condition, parse
from convgoals.language.parse import parse_duration, parse_path, parse_window

SEEDS = (
    'event purchase_completed where (order_value > 50 and currency in ("USD", "EUR")) within 7 days of first event a',
    'count(event login in last 30 days) >= 5 and not in segment "staff"',
    "event trial_started followed within 14 days by event activated with same plan.id without event refund_requested",
    "event purchase_completed not followed within 14 days by event refund_issued with same order_id",
    '(profile.plan changes from "free" to "pro") within 30 days of campaign "spring-launch" received',
    "sum(price * quantity of event item where sku starts with 'a' in last 1 month) between -5 and 10.50",
    'event a where lower(event."Order Id") matches "^a\\\\d+b" and 1 + 2 * 3 - (4 - 5) > profile."Plan Name".x',
    "((not event purchase) for 24 hours) within 24 hours of last event add_to_cart",
    "profile.created_at >= 2026-01-01T10:00 between 2026-01-01 and 2026-01-31T23:00:00+02:00",
    'event a where x is not set or (profile.y is "z" and not length(tags) != 3) # why',
    "event a or event b and profile.signup_at < 2026-01-31 && !(event c within 1 year of profile.x)",
)
PIECES = (
    "and", "or", "not", "within", "7 days", "1.5 h", "of", "first", "last", "any", "event", "campaign", "received",
    "profile.", "in", "in last", "in segment", "for", "between", "where", "followed by", "changes", "to", "from", "is",
    "set", "null", "count(", "sum(", "lower(", "(", ")", "[", "]", "{", "}", '"', "'", "“", "”", ",", ";", ".", ":",
    "=", "==", "=>", ">", "<", "!", "&", "|", "+", "-", "*", "/", "%", "$", "`", "\\", "#", "\n", "\t", "\r", "\0", " ",
    "0", "1e9", "1e-40", "9" * 50, "2026-01-31", "2026-13-99", "01/02/2026", "P1DT12H", "true", "x", "é", "ſ",
    "ı", "İ", "\ud800",
    "\U0001f600", "\u2028", 'matches "(a+)+$"', 'like "%x%"', "purchase", "then", "ago", "user.plan", "if", "times",
    "where not", "isn't", "[0]", ".0.", "in ()", "percentile(", "**", "since 30 days", "or event b)", "(event a)", "//",
    "receiving campaign 'x'", "in last 7 days >= 3", "followed by not",
)  # fmt: skip


SUSPICIOUS = 0.01
"""How many seconds a text may take before it is looked at closer."""


@attrs.define
class Outcome:
    """What one run saw."""

    count: int = 0
    accepted: int = 0
    slowest: float = 0.0
    slowest_text: str = ""
    codes: dict[str, int] = attrs.Factory(dict)


def mutated(source: random.Random, text: str) -> str:
    """*text* with a few edits: pieces inserted, stretches left out, doubled, swapped or replaced by characters."""
    for _ in range(source.choice((1, 1, 1, 2, 3, 8))):
        first, second = sorted((source.randint(0, len(text)), source.randint(0, len(text))))
        second = min(second, first + 30)
        match source.randint(0, 6):
            case 0 | 1:
                space = source.choice(("", " "))
                text = text[:first] + space + source.choice(PIECES) + space + text[first:]
            case 2:
                text = text[:first] + text[second:]
            case 3:
                text = text[:second] + text[first:second] + text[second:]
            case 4:
                text = (
                    text[:first]
                    + chr(source.choice((source.randint(0, 127), source.randint(0, 0x10FFFF))))
                    + text[first:]
                )
            case 5:
                text = text[:first] + source.choice(SEEDS)[source.randint(0, 40) :] + text[second:]
            case _:
                text = text[:first] + source.choice(PIECES) + text[second:]
    return text


def text_from(source: random.Random) -> str:
    """One text: a mutated goal, pieces in any order, characters, or something repeated until it is long."""
    match source.randint(0, 19):
        case 0:
            return " ".join(source.choice(PIECES) for _ in range(source.randint(0, 30)))
        case 1:
            return "".join(chr(source.randint(0, 0x10FFFF)) for _ in range(source.randint(0, 30)))
        case 2 if source.random() < 0.05:
            piece = source.choice((*PIECES, *SEEDS, "not ", "((", "x + ", "event a and ", "- ", '"a", ', "a."))
            return source.choice(("", "event a where ", "profile.x in (")) + piece * source.randint(
                1, 12_000 // len(piece)
            )
        case _:
            return mutated(source, source.choice(SEEDS))


def check_text(text: str, outcome: Outcome) -> None:
    """Read *text* in every way; raise where the law is broken."""
    started = time.perf_counter()
    try:
        condition: Condition | None = parse(text)
        outcome.accepted += 1
    except GoalError as error:
        condition = None
        rendered = str(error)
        for problem in error.problems:
            outcome.codes[problem.code] = outcome.codes.get(problem.code, 0) + 1
            _check_error(text, problem)
        assert rendered
    taken = time.perf_counter() - started
    if taken > max(outcome.slowest, SUSPICIOUS):
        taken = _processor_time(text)
        if taken > outcome.slowest:
            outcome.slowest, outcome.slowest_text = taken, text
    outcome.count += 1
    if condition is not None:
        canonical = str(condition)
        assert parse(canonical) == condition, canonical
        assert str(parse(canonical)) == canonical
    if outcome.count % 50 == 0:
        for other in (parse_window, parse_duration, parse_path):
            try:
                other(text)
            except GoalError as error:
                _check_error(text, error)


def _processor_time(text: str) -> float:
    """What reading *text* takes by itself, whatever else the machine does: the best of three."""
    best = float("inf")
    for _ in range(3):
        started = time.process_time()
        with contextlib.suppress(GoalError):
            parse(text)
        best = min(best, time.process_time() - started)
    return best


def _check_error(text: str, error: GoalError) -> None:
    assert error.span is not None
    assert 0 <= error.span.start <= error.span.end <= len(text), error.span
    assert error.message
    assert error.code
    assert not any(part in str(error) for part in ("Token(", "$END", "LPAR", "PROFILE_DOT", "__ANON")), str(error)


def run(count: int, seed: int) -> Outcome:
    """Check *count* texts."""
    source = random.Random(seed)  # noqa: S311  nothing secret: the same seed gives the same texts
    outcome = Outcome()
    for _ in range(count):
        text = text_from(source)
        try:
            check_text(text, outcome)
        except Exception as error:
            error.add_note(f"text: {text!r:.2000}")
            raise
    return outcome


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    for seed_text in SEEDS:  # what is built once is built now: the grammar, and the patterns of mistakes
        check_text(seed_text + " @", Outcome())
    done = 0
    worst = 0.0
    while done < options.count:
        size = min(10_000, options.count - done)
        outcome = run(size, options.seed + done)
        done += size
        worst = max(worst, outcome.slowest)
        common = sorted(outcome.codes.items(), key=lambda item: -item[1])[:8]
        sys.stdout.write(
            f"{done:,} texts, {outcome.accepted:,} of the last {size:,} accepted; "
            f"slowest {outcome.slowest * 1e3:.1f} ms (of all {worst * 1e3:.1f} ms): "
            f"{len(outcome.slowest_text):,} characters, {outcome.slowest_text[:80]!r}; "
            f"{', '.join(f'{code} {number}' for code, number in common)}\n"
        )
        sys.stdout.flush()


if __name__ == "__main__":
    main()
