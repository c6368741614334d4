"""Mutation testing of goals: the changes of a goal that its examples would not notice."""

from __future__ import annotations

import itertools
import json
import tomllib
from collections.abc import Collection, Sequence

import attrs

from convgoals.goals import Goal
from convgoals.instants import MICROSECOND
from convgoals.review.candidates import candidates
from convgoals.review.diff import is_ahead
from convgoals.review.mutants import Mutant, mutants
from convgoals.review.witness import Witness, judge, smallest
from convgoals.testing.examples import Example, examples_of
from convgoals.testing.steps import short_span
from convgoals.testing.timelines import START

TRIES = 1_000
"""On how many timelines a goal is compared with its mutants."""

MAX_NAME = 60
"""How many characters of a change stand in the name of an example."""

PART = 40
"""How many mutants are judged at a time."""


@attrs.frozen
class Survivor:
    """A mutant that every example takes for the goal.

    Attributes:
        mutant: the mutant.
        witness: the smallest timeline found that tells them apart: the goal is the old version, the mutant the new; or
            that of another survivor, which does so too.
        name: what the example that would notice it is called.
    """

    mutant: Mutant
    witness: Witness
    name: str

    def example(self) -> str:
        """A ``[[goal.example]]`` table that would notice the change, ready to paste."""
        found = self.witness.old
        timeline = self.witness.timeline
        start = timeline.start.isoformat().replace("+00:00", "Z")
        lines = ["[[goal.example]]", f"name = {_toml(self.name)}"]
        lines += [f"start = {start}"] if start != START else []
        lines += ["timeline = [", *(f"  {_toml(line)}," for line in timeline.lines()), "]"]
        statuses = {found.status == "converted", self.witness.new.status == "converted"}
        if len(statuses) == 2:
            lines.append(f'expect = "{"converts" if found.status == "converted" else "does not convert"}"')
        else:
            spans = [short_span((done.achieved_at - timeline.start) // MICROSECOND) for done in found.completions]
            lines.append(f"completions = {json.dumps([f'+{span}' for span in spans])}")
        return "\n".join(lines)


@attrs.frozen
class MutationReport:
    """What became of a goal's mutants.

    Attributes:
        goal: the goal.
        examples: how many examples it has.
        killed: the mutants that an example notices.
        survivors: those that none does, and that mean something else.
        alike: those on which no difference to the goal was found in ``tries`` timelines.
        tries: how many timelines were tried.
    """

    goal: Goal
    examples: int
    killed: tuple[Mutant, ...]
    survivors: tuple[Survivor, ...]
    alike: tuple[Mutant, ...]
    tries: int

    def offers(self) -> list[tuple[str, list[Survivor]]]:
        """The examples to paste that would notice every survivor, each with the survivors that it notices."""
        found: dict[str, list[Survivor]] = {}
        for survivor in self.survivors:
            found.setdefault(survivor.example(), []).append(survivor)
        return list(found.items())


def mutate(goal: Goal, examples: Sequence[Example], *, tries: int = TRIES) -> MutationReport:
    """Change *goal* one detail at a time, and see which changes its *examples* notice.

    Args:
        goal: the goal.
        examples: its examples; they hold for the goal itself.
        tries: on how many timelines a mutant that survives is compared with the goal.
    """
    killed: list[Mutant] = []
    living: list[Mutant] = []
    for mutant in mutants(goal):
        noticed = any(example.failure(mutant.goal) for example in examples)
        (killed if noticed else living).append(mutant)
    survivors: list[Survivor] = []
    alike: list[Mutant] = []
    names = {example.name for example in examples}
    for start in range(0, len(living), PART):
        part = living[start : start + PART]
        logs = list(candidates([goal, *(mutant.goal for mutant in part)], tries, seed=start))
        results = judge([goal, *(mutant.goal for mutant in part)], logs)
        for place, mutant in enumerate(part, start=1):
            apart = [
                (log, gained)
                for log, of in zip(logs, results, strict=True)
                for gained in (True, False)
                if is_ahead(of[0], of[place], gained=gained)
            ]
            if not apart:
                alike.append(mutant)
                continue
            noticing = next((each for each in survivors if _notices(each, mutant.goal)), None)
            if noticing is not None:
                survivors.append(attrs.evolve(noticing, mutant=mutant))
                continue
            log, gained = min(apart, key=lambda each: len(each[0]))
            witness = smallest(goal, mutant.goal, log, gained=gained)
            survivors.append(Survivor(mutant, witness, _name(mutant, names)))
            names.add(survivors[-1].name)
    return MutationReport(goal, len(examples), tuple(killed), tuple(survivors), tuple(alike), tries)


def _notices(survivor: Survivor, mutant: Goal) -> bool:
    """Whether the example that *survivor* offers would notice *mutant* too."""
    table = tomllib.loads(survivor.example())["goal"]["example"][0]
    found = next(examples_of(survivor.witness.old.goal, {"example": [table]}))
    return isinstance(found, Example) and found.failure(mutant) != ""


def _name(mutant: Mutant, taken: Collection[str]) -> str:
    """A name for an example that notices *mutant*: the change in few words, and one that no other example has."""
    change = mutant.change if len(mutant.change) <= MAX_NAME else f"{mutant.kind} of {mutant.change[:MAX_NAME]}…"
    wanted = f"notices {change}"
    numbers = (f"{wanted} ({number})" for number in itertools.count(2))
    return next(name for name in itertools.chain([wanted], numbers) if name not in taken)


def _toml(text: str) -> str:
    """*text* as a string of TOML; in single quotes where it holds double ones."""
    if '"' in text and "'" not in text and text.isprintable():
        return f"'{text}'"
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
