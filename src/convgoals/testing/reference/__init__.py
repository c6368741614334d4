"""The reference evaluator: semantics §§1-5, transcribed. Slow, and meant to be obviously right.

Each module is one section of the semantics, in its order and its words: ``facts`` (§1), ``occurrences`` (§2),
``comparisons`` (§3), ``conditions`` (§4) and ``completions`` (§5). There is no state, no index, no order of arrival:
every question is answered from the whole log. It shares nothing with the engine but the parser and the calendar, so
that the two can judge each other.

What holds is asked only at *instants at which anything may change* (`convgoals.testing.reference.conditions.instants`);
between two of them nothing does. Answers are remembered within one evaluation, which changes none of them.
"""

from __future__ import annotations

from convgoals.testing.reference.completions import evaluate, holds_at

__all__ = ["evaluate", "holds_at"]
