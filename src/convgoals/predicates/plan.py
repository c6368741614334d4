"""The routing index: from a fact to the goals that it may concern, and to nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeAlias

import attrs

from convgoals.goals import Goal
from convgoals.predicates.base import NEVER
from convgoals.predicates.compile import ChangeLeaf, EventLeaf, Machine, ReceiptLeaf, compile_goal
from convgoals.predicates.filters import Filter
from convgoals.predicates.handlers import Handler, compile_handler, compile_profile_handler
from convgoals.predicates.traits import can_wake

EventRoute: TypeAlias = tuple[int, tuple[tuple[int, Filter | None], ...]]
"""A goal's slot, and those of its leaves that look at one type of event, each with its filter."""


@attrs.frozen
class Plan:
    """The machines of an engine's live goals, and how facts reach them.

    Attributes:
        machines: by slot; a profile's states are kept by the same slots.
        events: routes by event type.
        handlers: by event type, the function that moves its goals when such an event is alone at its instant.
        profile_handler: the same for a snapshot or update.
        receipts: ``(slot, leaf)`` by campaign.
        changes: ``(slot, leaf)`` of the goals that wait for a change of a property.
        readers: the slots of the goals that may change by the profile alone.
        timed: the goals that time alone may move, each as (slot, machine).
        template: what the cells of all goals hold for a profile of which nothing is known.
        wake: the instant at which time alone may first move such a profile.
    """

    machines: tuple[Machine, ...]
    events: dict[str, tuple[EventRoute, ...]]
    handlers: dict[str, Handler]
    profile_handler: Handler
    receipts: dict[str, tuple[tuple[int, int], ...]]
    changes: tuple[tuple[int, ChangeLeaf], ...]
    readers: tuple[int, ...]
    timed: tuple[tuple[int, Machine], ...]
    template: tuple[Any, ...]
    wake: int


def make_plan(goals: Iterable[tuple[Goal, int]]) -> Plan:
    """The plan of *goals*, each with the version of its condition, in their order."""
    machines: list[Machine] = []
    template: list[Any] = []
    for goal, version in goals:
        machines.append(compile_goal(goal, version, len(template)))
        template.extend(machines[-1].template)
    ordered = tuple(machines)
    events: dict[str, list[EventRoute]] = {}
    receipts: dict[str, list[tuple[int, int]]] = {}
    changes: list[tuple[int, ChangeLeaf]] = []
    for slot, machine in enumerate(ordered):
        by_type: dict[str, list[tuple[int, Filter | None]]] = {}
        for leaf in machine.leaves:
            match leaf:
                case EventLeaf(index, kind, _, test):
                    by_type.setdefault(kind, []).append((index, test))
                case ReceiptLeaf(index, campaign):
                    receipts.setdefault(campaign, []).append((slot, index))
                case ChangeLeaf():
                    changes.append((slot, leaf))
        for kind, leaves in by_type.items():
            events.setdefault(kind, []).append((slot, tuple(leaves)))
    return Plan(
        machines=ordered,
        events={kind: tuple(routes) for kind, routes in events.items()},
        handlers={
            kind: compile_handler(kind, [(slot, ordered[slot]) for slot, _ in routes])
            for kind, routes in events.items()
        },
        profile_handler=compile_profile_handler(
            [
                (slot, machine)
                for slot, machine in enumerate(ordered)
                if machine.reads_profile or any(slot == other for other, _ in changes)
            ]
        ),
        receipts={campaign: tuple(routes) for campaign, routes in receipts.items()},
        changes=tuple(changes),
        readers=tuple(slot for slot, machine in enumerate(ordered) if machine.reads_profile),
        timed=tuple((slot, machine) for slot, machine in enumerate(ordered) if can_wake(machine.root)),
        template=tuple(template),
        wake=min((template[machine.root.at + 1] for machine in ordered), default=NEVER),
    )
