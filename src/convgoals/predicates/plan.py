"""The routing index: from a fact to the goals that it may concern, and to nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

import attrs

from convgoals.predicates.base import NEVER
from convgoals.predicates.compile import ChangeLeaf, EventLeaf, Machine, ReceiptLeaf
from convgoals.predicates.filters import Filter
from convgoals.predicates.handlers import Handler, compile_handler

EventRoute: TypeAlias = tuple[int, tuple[tuple[int, Filter | None], ...]]
"""A goal's slot, and those of its leaves that look at one type of event, each with its filter."""


@attrs.frozen
class Plan:
    """The machines of an engine's live goals, and how facts reach them.

    Attributes:
        machines: by slot; a profile's states are kept by the same slots.
        events: routes by event type.
        handlers: by event type, the function that moves its goals when such an event is alone at its instant.
        receipts: ``(slot, leaf)`` by campaign.
        changes: ``(slot, leaf)`` of the goals that wait for a change of a property.
        readers: the slots of the goals that may change by the profile alone.
        eager: the slots of the goals that time alone may move from the very beginning.
    """

    machines: tuple[Machine, ...]
    events: dict[str, tuple[EventRoute, ...]]
    handlers: dict[str, Handler]
    receipts: dict[str, tuple[tuple[int, int], ...]]
    changes: tuple[tuple[int, ChangeLeaf], ...]
    readers: tuple[int, ...]
    eager: tuple[int, ...]


def make_plan(machines: Iterable[Machine]) -> Plan:
    """The plan of *machines*, in their order."""
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
        receipts={campaign: tuple(routes) for campaign, routes in receipts.items()},
        changes=tuple(changes),
        readers=tuple(slot for slot, machine in enumerate(ordered) if machine.reads_profile),
        eager=tuple(slot for slot, machine in enumerate(ordered) if machine.template[1] < NEVER),
    )
