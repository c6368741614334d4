"""How the credit for one completion is shared among the touches before it.

Shares are exact and add up to exactly 1. A model that looks only at the order of the touches is a function of their
number; time decay looks at their times too, and its shares, irrational as they are, are rounded to multiples of
10⁻¹² so that they still add up to 1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from fractions import Fraction
from typing import Literal, get_args

from convgoals.errors import QuestionError
from convgoals.suggest import did_you_mean

Model = Literal["first", "last", "linear", "position", "time-decay", "markov", "shapley"]
MODELS: tuple[str, ...] = get_args(Model)

UNITS = 10**12
"""Into how many parts time decay divides a completion."""

_SCALE = 2**53


def check_models(models: Sequence[str]) -> tuple[str, ...]:
    """*models* themselves. Raises `QuestionError` (code ``model``) where one is unknown, or there is none."""
    asked = (models,) if isinstance(models, str) else tuple(dict.fromkeys(models))
    for model in asked:
        if model not in MODELS:
            raise QuestionError(
                f"there is no attribution model {model!r:.60}",
                code="model",
                hint=did_you_mean(str(model), MODELS) or f"one of {', '.join(MODELS)}",
            )
    if not asked:
        raise QuestionError("attribution needs a model", code="model", hint=f"one of {', '.join(MODELS)}")
    return asked


def _first(touches: int) -> list[Fraction]:
    return [Fraction(1), *[Fraction(0)] * (touches - 1)]


def _last(touches: int) -> list[Fraction]:
    return [*[Fraction(0)] * (touches - 1), Fraction(1)]


def _linear(touches: int) -> list[Fraction]:
    return [Fraction(1, touches)] * touches


def _position(touches: int) -> list[Fraction]:
    """Two fifths each to the first and the last, the rest evenly between; halves where there is nothing between."""
    if touches <= 2:
        return _linear(touches)
    middle = Fraction(1, 5) / (touches - 2)
    return [Fraction(2, 5), *[middle] * (touches - 2), Fraction(2, 5)]


BY_ORDER: Mapping[str, Callable[[int], list[Fraction]]] = {
    "first": _first,
    "last": _last,
    "linear": _linear,
    "position": _position,
}
"""The shares of so many touches, the earliest first, of each model that looks at their order alone."""


def time_decay(ages: Sequence[int], half_life: timedelta) -> list[int]:
    """The shares, in `UNITS`, of touches that lie *ages* (in microseconds) before the completion.

    A touch one half-life older than another gets half as much. What rounding down leaves over goes, a unit each, to
    the touches that lost most by it, the later ones first.
    """
    life = half_life / timedelta(microseconds=1)
    youngest = min(ages)  # weights are relative, and the youngest one's is 1: they cannot all vanish
    # In whole numbers from here on, so that nothing is lost; a weight that rounds to nothing is owed less than a unit.
    weights = [int(2.0 ** (-(age - youngest) / life) * _SCALE) for age in ages]
    whole = sum(weights)
    shares = [divmod(weight * UNITS, whole) for weight in weights]
    units = [share for share, _ in shares]
    order = sorted(range(len(units)), key=lambda place: (-shares[place][1], -place))
    for place in order[: UNITS - sum(units)]:
        units[place] += 1
    return units
