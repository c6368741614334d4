"""Writing one batch to a SQLite store, within its transaction."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from typing import TypeAlias

import attrs

from convgoals.records import CampaignReceipt, Completion, Fact
from convgoals.storage.base import Batch
from convgoals.storage.codec import encode_facts, encode_value
from convgoals.storage.saved_goals import goal_to_text
from convgoals.storage.sqlite_database import Database
from convgoals.storage.sqlite_entries import Entries
from convgoals.storage.sqlite_facts import FactChains
from convgoals.storage.sqlite_identities import Identities
from convgoals.storage.sqlite_standings import Row, Standings

Texts: TypeAlias = Sequence[tuple[str, str | None, Sequence[Fact], str]]
"""The facts of a batch, to be written: the profile, the scope, the facts and their text."""


def texts_of(batch: Batch) -> Texts:
    """The facts of a batch. Raises `StoreError` and `FactError` for what cannot be kept."""
    return [
        (name, scope, facts, encode_facts(name, facts, batch.reads)) for name, scope, facts in batch.profiles.kept()
    ]


@attrs.frozen
class Writer:
    """Writes batches to one database.

    Args:
        database: where to.
        chains, standings, identities, entries: its parts.
    """

    _database: Database
    _chains: FactChains
    _standings: Standings
    _identities: Identities
    _entries: Entries

    def write(self, batch: Batch, texts: Texts) -> None:
        """Write *batch*, whose facts are *texts*."""
        ended = self._entries.matched(batch.entries)
        if batch.merged:
            self._standings.settle()
        for old, new in batch.merged:
            self._identities.merge(old, new)
        recorded = [entry.profile_id for entry in batch.entries if isinstance(entry, Completion)]
        self._identities.make_known(itertools.chain(batch.profiles, recorded))
        self._drop_facts(batch)
        self._write_receipts(batch)
        self._write_chunks(texts)
        self._write_states(batch)
        self._entries.write(batch.entries, ended, self._identities.places)
        self._write_standings(batch, recorded)
        for saved in batch.goals:
            definition = goal_to_text(saved.goal)
            scopes = json.dumps(saved.scopes)
            self._database.run("save_goal", saved.goal.name, saved.version, saved.archived, scopes, definition)
        for source, at in batch.positions.items():
            self._database.run("save_position", source, encode_value(at))
        self._database.run("set_totals", batch.reached, self._identities.profiles, self._entries.last)

    def _drop_facts(self, batch: Batch) -> None:
        places = self._identities.places
        for name, dropped in batch.profiles.dropped.items():
            number, head, completion = places[name]
            if head is not None:
                head, receipts = self._chains.drop(head, dropped)
                places[name] = number, head, completion
                if receipts:
                    self._database.run_many("drop_receipt_facts", [(number, fact_id) for fact_id in receipts])

    def _write_receipts(self, batch: Batch) -> None:
        """Receipts have a table of their own; one whose id the profile has already must not get there."""
        facts_of = batch.profiles.facts
        if CampaignReceipt not in map(type, itertools.chain.from_iterable(facts_of.values())):
            return
        rows = []
        for name, facts in facts_of.items():
            if CampaignReceipt not in map(type, facts):
                continue
            number, latest, _ = self._identities.places[name]
            known: set[str | None] = set()
            if latest is not None:
                known.update(self._chains.ids(latest))
            for fact in facts:
                if type(fact) is CampaignReceipt and fact.id not in known:
                    rows.append((number, fact.campaign, fact.id, fact.instant, fact.channel))
                known.add(fact.id)
        self._database.run_many("add_receipt", rows)

    def _write_chunks(self, texts: Texts) -> None:
        places, append, rows = self._identities.places, self._chains.append, []
        for name, scope, facts, text in texts:
            number, previous, completion = places[name]
            rows.append(append(previous, facts, text, scope))
            places[name] = (number, self._chains.last, completion)
        self._chains.write(rows)

    def _write_states(self, batch: Batch) -> None:
        places = self._identities.places
        for name, state in batch.profiles.state.items():
            number, head, completion = places[name]
            if not state.text:
                self._database.run("drop_state", number)
                continue
            self._database.run("save_state", number, *state)
            if head is not None:
                places[name] = number, self._chains.join(head), completion

    def _write_standings(self, batch: Batch, recorded: Sequence[str]) -> None:
        places, wake = self._identities.places, batch.profiles.wake
        rows: list[Row] = []
        for name, until in batch.profiles.until.items():
            number, chunk, completion = places[name]
            rows.append((number, until, wake.get(name), chunk, completion))
        for name in set(recorded) - batch.profiles.keys():
            number, _, completion = places[name]
            if (standing := self._identities.find(name)) is not None:
                rows.append((*standing[:4], completion))
                places[name] = number, standing.facts, completion
        self._standings.write(rows)

    def forget(self, name: str) -> bool:
        """Erase a profile, and those that became it; whether there was anything to erase."""
        found = self._identities.current(name)
        if found is None:
            return False
        self._standings.settle()
        for profile in self._identities.same_person(found.profile):
            self._database.run("add_erased", self._entries.forget(profile))
            self._identities.erase(profile)
        self._database.run("set_totals", None, self._identities.profiles, self._entries.last)
        return True
