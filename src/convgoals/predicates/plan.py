"""The routing index: from a fact to the goals that it may concern, and to nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias
from weakref import WeakValueDictionary

import attrs

from convgoals.goals import Goal
from convgoals.predicates.base import NEVER, Moment, State
from convgoals.predicates.compile import ChangeLeaf, EventLeaf, Machine, ReceiptLeaf, compile_goal
from convgoals.predicates.filters import Filter
from convgoals.predicates.handlers import Handler, Slotted, compile_handler
from convgoals.predicates.traits import can_wake
from convgoals.records import Event, ProfileSnapshot, ProfileUpdate

EventRoute: TypeAlias = tuple[int, tuple[tuple[int, Filter | None], ...]]
"""A goal's slot, and those of its leaves that look at one type of event, each with its filter."""


@attrs.frozen
class Plan:
    """The machines of an engine's live goals, and how facts reach them.

    Attributes:
        machines: by slot; a profile's states are kept by the same slots.
        events: routes by event type.
        handlers: by event type, the function that moves its goals when such an event is alone at its instant; for
            ``None`` the same for a snapshot or update. Each is compiled when it is first called.
        receipts: ``(slot, leaf)`` by campaign.
        changes: ``(slot, leaf)`` of the goals that wait for a change of a property.
        readers: the slots of the goals that may change by the profile alone.
        timed: the goals that time alone may move, each as (slot, machine).
        template: what the cells of all goals hold for a profile of which nothing is known.
        wake: the instant at which time alone may first move such a profile.
    """

    machines: tuple[Machine, ...]
    events: dict[str, tuple[EventRoute, ...]]
    handlers: Mapping[str | None, Handler]
    receipts: dict[str, tuple[tuple[int, int], ...]]
    changes: tuple[tuple[int, ChangeLeaf], ...]
    readers: tuple[int, ...]
    timed: tuple[tuple[int, Machine], ...]
    template: tuple[Any, ...]
    wake: int


_machines: WeakValueDictionary[tuple[object, ...], Machine] = WeakValueDictionary()
_handlers: WeakValueDictionary[tuple[object, ...], Handler] = WeakValueDictionary()
"""What some plan in use has compiled: where a goal comes to many others, theirs need not be compiled again."""


def _machine(goal: Goal, version: int, at: int) -> Machine:
    key = (goal, repr(goal.value), version, at)  # 1, 1.0 and Decimal("1") are equal, and not the same
    found = _machines.get(key)
    if found is None:
        found = _machines[key] = compile_goal(goal, version, at)
    return found


def _wait_to_compile(handlers: dict[str | None, Handler], kind: str | None, machines: Sequence[Slotted]) -> None:
    """Have the handler of one kind of fact compiled once there is such a fact."""
    key = (kind, *machines)

    def handler(state: State, fact: Event | ProfileSnapshot | ProfileUpdate, t: int, moment: Moment) -> int:
        found = _handlers.get(key)
        if found is None:
            found = _handlers[key] = compile_handler(kind, machines)
        handlers[kind] = found
        return found(state, fact, t, moment)

    handlers[kind] = handler


def make_plan(goals: Iterable[tuple[Goal, int]]) -> Plan:
    """The plan of *goals*, each with the version of its condition, in their order."""
    machines: list[Machine] = []
    template: list[Any] = []
    for goal, version in goals:
        machines.append(_machine(goal, version, len(template)))
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
    handlers: dict[str | None, Handler] = {}
    for kind, routes in events.items():
        _wait_to_compile(handlers, kind, [(slot, ordered[slot]) for slot, _ in routes])
    changing = {slot for slot, _ in changes}
    _wait_to_compile(
        handlers,
        None,
        [(slot, machine) for slot, machine in enumerate(ordered) if machine.reads_profile or slot in changing],
    )
    return Plan(
        machines=ordered,
        events={kind: tuple(routes) for kind, routes in events.items()},
        handlers=handlers,
        receipts={campaign: tuple(routes) for campaign, routes in receipts.items()},
        changes=tuple(changes),
        readers=tuple(slot for slot, machine in enumerate(ordered) if machine.reads_profile),
        timed=tuple((slot, machine) for slot, machine in enumerate(ordered) if can_wake(machine.root)),
        template=tuple(template),
        wake=min((template[machine.root.at + 1] for machine in ordered), default=NEVER),
    )
