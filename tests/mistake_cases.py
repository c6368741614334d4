"""The mistakes of ``mistakes.toml``, and the page of the docs that lists them.

Run ``python tests/mistake_cases.py`` to write ``docs/errors.md`` anew after the file has changed.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path

import attrs

HERE = Path(__file__).parent / "language"
PAGE = HERE.parents[1] / "docs" / "errors.md"

CODES = {
    "aggregate-in-where": "A count stands in a `where`, which looks at one event.",
    "ago": "`ago` is used for a span.",
    "ambiguous-window": "A trailing `within`, `between` or `for` could belong to the last part or to all parts.",
    "at-least": "A span has words before it, such as `for at least`.",
    "bare-name": "A property stands outside a `where`, without `profile.`.",
    "between-and": "The two ends of a range are not joined by `and`.",
    "brackets": "A property is written in brackets.",
    "campaign": "A receipt is not written `campaign … received`.",
    "changes": "A change is not written `changes from … to …`.",
    "comma": "A comma stands between conditions.",
    "comment": "A comment does not begin with `#`.",
    "constant": "A comparison compares fixed values only.",
    "contains-list": "`contains` is given several values.",
    "count": "A count is not written `count(event …)`, or an aggregate does not say of which event.",
    "counting": "How often a goal counts stands in its condition.",
    "date-form": "A date is not written year-month-day.",
    "date-window": "A span of dates is not written `between … and …`.",
    "decimal-duration": "A span of time has a fraction.",
    "duration": "A span of time names a unit twice, or not the largest first.",
    "duration-form": "A span of time is not an amount and a unit.",
    "duration-too-long": "A span of time is longer than 1,000 years.",
    "empty": "The text is empty.",
    "empty-name": "A name is an empty text.",
    "equals-list": "`=` is given a list.",
    "event-name": "The name of an event does not follow the word `event`.",
    "followed": "A chain is not written `followed by`.",
    "followed-within": "The span of a chain's link stands behind it.",
    "half-comparison": "A comparison lacks its left side, or has three sides.",
    "held": "How long something has been so is not asked by `for`.",
    "in-last": "A span that ends at each instant is not written `in last`.",
    "in-without-list": "`in` is not followed by a list in parentheses, or the list is empty or lacks a comma.",
    "joining": "A word that joins no conditions stands between two.",
    "json": "The text is JSON.",
    "leading-word": "A word stands before the condition.",
    "like": "`like` is used.",
    "list-member": "One member of a list is asked for by its number.",
    "list-of-or": "Several values are joined by `or`.",
    "method": "An operator is written as a method.",
    "misspelt": "A word of the language is misspelt.",
    "missing-amount": "A span of time has no amount in digits.",
    "missing-and": "Conditions stand side by side.",
    "missing-dot": "No dot stands between the profile and its property.",
    "missing-event": "An event is named without the word `event`.",
    "missing-quotes": "A text stands without quotes.",
    "missing-unit": "A span of time has no unit.",
    "mixed-quotes": "A text begins with one kind of quote and ends with another.",
    "name-needs-quotes": "A name with blanks, dashes or the like stands without quotes.",
    "never-true": "A part of the condition can never be true.",
    "no-comparison": "A value stands where a condition must.",
    "no-event-name": "The name of an event is missing.",
    "not-a-date": "A date or time does not exist, or lies outside the years 1000 to 9000.",
    "not-followed-within": "`not followed by` has no span, or has it in the wrong place.",
    "not-text": "The condition is no text at all.",
    "null-in-list": "A list holds `null`.",
    "number-form": "A number is not written with digits and a point.",
    "number-too-long": "A number has more than 40 digits.",
    "number-with-unit": "A number has a unit, a currency or a percent sign.",
    "operator-in-words": "An operator is written in words.",
    "presence": "Whether a property is there is not asked by `is set`.",
    "quoted-date": "The dates of a span stand in quotes.",
    "regex-invalid": "A pattern is no regular expression.",
    "regex-unsafe": "Some text could make a pattern very slow, or it is too long.",
    "relative-date": "A goal speaks of today.",
    "same-without-event": "`with same` stands beside something that is no event.",
    "segment": "A segment is not asked for by `in segment`.",
    "spaced-operator": "The signs of an operator stand apart.",
    "sql": "The text is an SQL query.",
    "surrogate": "A text holds half of a surrogate pair, which is no character.",
    "syntax": "Something else stands where it cannot; the message says what could.",
    "too-deep": "The condition is nested more than 60 deep.",
    "too-long": "A text, list, chain or the whole condition is too long.",
    "trailing": "Something stands at the end that joins nothing.",
    "two-goals": "The text holds two conditions.",
    "unclosed-parenthesis": "A parenthesis is not closed.",
    "unclosed-quote": "A text in quotes is not closed.",
    "unknown-function": "There is no such function.",
    "unknown-operator": "There is no such operator.",
    "unopened-parenthesis": "A parenthesis closes nothing.",
    "unquoted-pattern": "A pattern stands without quotes.",
    "vacuous": "The goal holds of a profile about which nothing is known.",
    "where": "The filter of an event is not written `where`, or it has two.",
    "window-before": "A window runs backwards.",
    "window-of": "A window does not say from what it runs.",
}
"""Every code of an error that the text of a condition can bring about, and when."""


@attrs.frozen
class MistakeCase:
    """What is written, and either the whole message or the canonical text that it is read as."""

    group: str
    text: str
    message: str | None
    canonical: str | None


def mistake_cases() -> Iterator[MistakeCase]:
    """The cases of ``mistakes.toml``, in order."""
    document = tomllib.loads((HERE / "mistakes.toml").read_text(encoding="utf-8"))
    for group in document["group"]:
        for case in group["case"]:
            yield MistakeCase(group["title"], case["input"], case.get("message"), case.get("canonical"))


def page() -> str:
    """The text of ``docs/errors.md``."""
    cases = list(mistake_cases())
    refused = [case for case in cases if case.message is not None]
    lines = [
        "# Mistakes and their messages",
        "",
        "Whatever is wrong with the text of a goal is told before any data arrives, with its place, a stable code and",
        "a repair. Where one can tell what was meant, the repair is the whole corrected goal, ready to be copied. An",
        "error is data before it is text: `error.code`, `error.line`, `error.column`, `error.span`, `error.message`,",
        "`error.hint`, and `error.problems` where several things are wrong at once. Codes do not change; messages may",
        "become better.",
        "",
        "## Read as it is meant",
        "",
        "Some habits can mean one thing only, so they are no mistakes: they are read, and `str(condition)` and",
        "`convgoals fmt` print them in the one spelling that the language has.",
        "",
        "| written | read as |",
        "|---|---|",
        *(f"| {_code(case.text)} | {_code(case.canonical)} |" for case in cases if case.canonical is not None),
        "",
        f"## {len(refused)} mistakes",
        "",
    ]
    title = ""
    for case in refused:
        if case.group != title:
            title = case.group
            lines += [f"### {title}", ""]
        lines += ["```text", case.message or "", "```", ""]
    lines += [
        "## All codes",
        "",
        "Every code that the text of a condition can bring about. What a schema, a `goals.toml` or a file of events",
        "can bring about has its codes on the pages about those.",
        "",
        "| code | when |",
        "|---|---|",
        *(f"| `{code}` | {meaning} |" for code, meaning in sorted(CODES.items())),
    ]
    return "\n".join(lines) + "\n"


def _code(text: str) -> str:
    """*text* as code in a table, where a `|` would end the cell."""
    return f"`{text}`".replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
