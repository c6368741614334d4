"""Writing one batch to PostgreSQL, within a block that holds its profiles."""

from __future__ import annotations

import itertools
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import attrs

from convgoals.errors import StoreError
from convgoals.instants import to_instant
from convgoals.records import CampaignReceipt, Completion, Fact, Retraction
from convgoals.storage import postgres_kept
from convgoals.storage.base import Batch
from convgoals.storage.chunks import ids_in, join
from convgoals.storage.codec import encode_facts, encode_value
from convgoals.storage.kept import Changes, Counted, Owner
from convgoals.storage.ledger_rows import ENDLESS, FIRST_ROWS, Row, latest_first, match_retractions, to_columns
from convgoals.storage.postgres_block import Block
from convgoals.storage.postgres_errors import decoded
from convgoals.storage.postgres_ledger import from_columns, read_tracks
from convgoals.storage.postgres_text import optional_to_text, to_text
from convgoals.storage.saved_goals import goal_to_text


def profiles_of(batch: Batch) -> set[str]:
    """The profiles that a batch changes."""
    names = set(batch.profiles)
    names.update(entry.profile_id for entry in batch.entries)
    names.update(name for pair in batch.merged for name in pair)
    return names


@attrs.frozen
class Chunk:
    """Facts of one profile and scope, to be written together."""

    name: str
    earliest: int
    latest: int
    scope: str | None
    text: str


def chunks_of(batch: Batch) -> list[Chunk]:
    """The facts of a batch. Raises `StoreError` and `FactError` for what cannot be kept."""
    return [_chunk(name, optional_to_text(scope), facts, batch.reads) for name, scope, facts in batch.profiles.kept()]


def _chunk(name: str, scope: str | None, facts: Sequence[Fact], reads: Mapping[str, frozenset[str]]) -> Chunk:
    text = encode_facts(name, facts, reads)
    if len(facts) == 1:
        return Chunk(name, facts[0].instant, facts[0].instant, scope, text)
    instants = [fact.instant for fact in facts]
    return Chunk(name, min(instants), max(instants), scope, text)


def erase(block: Block, rows: Sequence[tuple[int, bool]]) -> None:
    """Erase identities, each given with whether it is a known profile; the block holds everything."""
    session = block.session
    tracks = {track: number for number, track in read_tracks(session.all("tracks")).items()}
    lane_of = postgres_kept.lanes(tracks)
    known = entries = 0
    for number, is_known in rows:
        known += is_known
        postgres_kept.forget(session, number, lane_of)
        session.run("drop_chunks", number)
        session.run("drop_receipts", number)
        session.run("drop_states", [number])
        entries += session.run("erase_retractions", number)
        entries += session.run("erase_completions", number)
    session.run("drop_profiles", [number for number, _ in rows])
    session.run("add_total", None, -known, -entries)
    block.bump()


Ended: TypeAlias = tuple[int, int, int, int]
"""The seq, the profile, the track and the instant of a completion that is retracted."""


class Writing:
    """One batch that is being written, whose facts are *chunks*; the block holds its profiles."""

    def __init__(self, block: Block, batch: Batch, chunks: Sequence[Chunk]) -> None:
        self._block = block
        self._session = block.session
        self._batch = batch
        self._chunks = chunks
        self._known = 0  # how many profiles more are known
        self._read: dict[int, Ended] = {}  # completions that may be retracted, by their seq

    def write(self) -> None:
        batch, block = self._batch, self._block
        tracks = self._tracks()
        ended = self._matched_retractions(tracks)
        for old, new in batch.merged:
            self._merge(old, new)
        self._drop_facts()
        receipts = self._receipts()
        completions, retractions, changes = self._entries(tracks, ended)
        with self._session.pipeline():
            self._write_facts(receipts)
            self._write_states()
            if completions:
                self._session.send("add_completions", columns_of(completions))
            if retractions:
                self._session.send("add_retractions", columns_of(retractions))
            self._write_standings()
            for saved in batch.goals:
                definition, scopes = goal_to_text(saved.goal), json.dumps(saved.scopes)
                columns = (to_text(saved.goal.name), saved.version, saved.archived, scopes, definition)
                self._session.send("save_goal", columns)
            for source in sorted(batch.positions):
                self._session.send("save_position", (to_text(source), encode_value(batch.positions[source])))
            postgres_kept.apply(self._session, changes)
            if block.is_whole:
                block.bump()
            reached = batch.reached
            if reached is not None and block.reached is not None and reached <= block.reached:
                reached = None
            if reached is not None or self._known or batch.entries:
                self._session.send("add_total", (reached, self._known, len(batch.entries)))
        block.reached = block.reached if reached is None else reached
        for name in batch.profiles:
            block.made.discard(block.profiles[name].id)

    # ---- tracks and retractions

    def _tracks(self) -> dict[tuple[str, int], int]:
        """The numbers of the goals and versions in the batch, and of all before."""
        wanted = {(entry.goal, entry.version) for entry in self._batch.entries if isinstance(entry, Completion)}
        wanted.update((saved.goal.name, saved.version) for saved in self._batch.goals)
        if not wanted and not self._batch.entries:
            return {}
        tracks = {track: number for number, track in read_tracks(self._session.all("tracks")).items()}
        new = sorted(wanted - tracks.keys())
        if new:
            for goal, version in new:
                self._session.run("add_track", to_text(goal), version)
            tracks = {track: number for number, track in read_tracks(self._session.all("tracks")).items()}
        return tracks

    def _matched_retractions(self, tracks: Mapping[tuple[str, int], int]) -> list[Ended]:
        """The recorded completions that the retractions end, in their order."""
        ending = [entry for entry in self._batch.entries if isinstance(entry, Retraction)]
        if not ending:
            return []
        held = self._block.profiles
        latest: dict[int, list[Row]] = {held[entry.profile_id].id: [] for entry in ending}
        for row in self._latest_completions(list(latest), ENDLESS, FIRST_ROWS):
            latest[row[9]].append(row)

        def recorded(name: str) -> Iterator[Row]:
            number = held[name].id

            def page(before: int, rows: int) -> list[Row]:
                return latest[number] if before == ENDLESS else self._latest_completions([number], before, rows)

            return latest_first(page)

        matched = match_retractions(
            ((each.profile_id, tracks.get((each.goal, each.version), 0), each.completion) for each in ending), recorded
        )
        for entry, seq in zip(ending, matched, strict=True):
            if seq is None:
                raise StoreError(f"nothing is recorded that could be retracted: {entry}", code="retraction")
        return [self._read[seq] for seq in matched if seq is not None]

    def _latest_completions(self, profiles: Sequence[int], before: int, rows: int) -> list[Row]:
        """Of each profile so many rows of completions with a ``seq`` below *before*, the latest first."""
        found = self._session.all("latest_recorded", {"profiles": profiles, "before": before, "rows": rows})
        self._read.update({row[0]: (row[0], row[9], row[1], row[2]) for row in found})
        return [(*row[:2], *from_columns(row[2:9]), *row[9:]) for row in found]

    # ---- identities

    def _merge(self, old: str, new: str) -> None:
        session, block = self._session, self._block
        gone, stays = block.profiles[old], block.profiles[new]
        block.made -= {gone.id, stays.id}
        if gone.until is not None:
            self._known -= 1
        session.run("drop_chunks", gone.id)
        session.run("drop_states", [gone.id])
        session.run("hand_on_receipts", stays.id, gone.id)
        session.run("drop_receipts", gone.id)
        session.run("be_current", stays.id)
        session.run("follow_aliases", stays.id, gone.id)
        session.run("set_alias", stays.id, block.number, gone.id)
        gone.until = None

    # ---- facts

    def _read_chunks(self, names: Iterable[str]) -> dict[str, list[tuple[str | None, str]]]:
        """The chunks of profiles, the oldest first."""
        held, made = self._block.profiles, self._block.made
        known = {held[name].id: name for name in names if held[name].id not in made}
        found: dict[str, list[tuple[str | None, str]]] = {}
        if known:
            for number, scope, text in self._session.all("chunks", (list(known),)):
                found.setdefault(known[number], []).append((scope, text))
        return found

    def _drop_facts(self) -> None:
        """Where facts are dropped, what is left of a profile's facts is written anew."""
        dropping = self._batch.profiles.dropped
        for name, chunks in (self._read_chunks(dropping) if dropping else {}).items():
            number = self._block.profiles[name].id
            joined, receipts = decoded(join, chunks, frozenset(dropping[name]))
            self._session.run("drop_chunks", number)
            ids = self._block.take(len(joined))
            rows = [
                (number, each.earliest, each.latest, new, each.scope, each.text)
                for new, each in zip(ids, joined, strict=True)
            ]
            if rows:
                self._session.send("add_chunks", columns_of(rows))
            if receipts:
                self._session.run("drop_receipt_facts", number, [to_text(each) for each in receipts])

    def _receipts(self) -> list[tuple[Any, ...]]:
        """Rows of the batch's receipts, but for those whose id their profile has already."""
        facts_of = self._batch.profiles.facts
        if CampaignReceipt not in map(type, itertools.chain.from_iterable(facts_of.values())):
            return []
        with_receipts = [name for name, facts in facts_of.items() if CampaignReceipt in map(type, facts)]
        chunks = self._read_chunks(with_receipts)
        rows = []
        for name in with_receipts:
            number = self._block.profiles[name].id
            known: set[str | None] = decoded(ids_in, chunks.get(name, ()))
            for fact in facts_of[name]:
                if type(fact) is CampaignReceipt and fact.id not in known:
                    campaign, fact_id = to_text(fact.campaign), to_text(str(fact.id))
                    rows.append((number, campaign, fact_id, fact.instant, optional_to_text(fact.channel)))
                known.add(fact.id)
        return rows

    def _write_facts(self, receipts: Sequence[tuple[Any, ...]]) -> None:
        held = self._block.profiles
        if self._chunks:
            ids = self._block.take(len(self._chunks))
            rows = [
                (held[chunk.name].id, chunk.earliest, chunk.latest, new, chunk.scope, chunk.text)
                for new, chunk in zip(ids, self._chunks, strict=True)
            ]
            self._session.send("add_chunks", columns_of(rows))
        if receipts:
            self._session.send("add_receipts", columns_of(receipts))

    def _write_states(self) -> None:
        held = self._block.profiles
        states = [(held[name].id, *state) for name, state in self._batch.profiles.state.items()]
        saved = [state for state in states if state[2]]
        if saved:
            self._session.send("save_states", columns_of(saved))
        if len(saved) < len(states):
            self._session.send("drop_states", ([number for number, _, text in states if not text],))

    # ---- ledger and standings

    def _entries(
        self, tracks: Mapping[tuple[str, int], int], ended: Sequence[Ended]
    ) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]], Changes]:
        """The rows of completions and retractions, and what they change of what is kept for reports."""
        entries, held = self._batch.entries, self._block.profiles
        if not entries:
            return [], [], Changes()
        ending, lane_of = iter(ended), postgres_kept.lanes(tracks)
        completions, retractions = [], []
        added: defaultdict[Owner, list[Counted]] = defaultdict(list)
        for seq, entry in zip(self._block.take(len(entries)), entries, strict=True):
            if isinstance(entry, Retraction):
                cause = optional_to_text(entry.cause)
                retractions.append((seq, next(ending)[0], to_instant(entry.recorded_at), cause))
                continue
            track, number = tracks[entry.goal, entry.version], held[entry.profile_id].id
            achieved, recorded, trigger, channel, segments, value, anchor = to_columns(entry)
            counted = Counted(achieved, trigger or "", seq, track, channel, entry.value, anchor)
            added[lane_of[track], number].append(counted)
            completions.append((
                seq, track, number, achieved, recorded, optional_to_text(trigger), optional_to_text(channel), segments,
                _number_text(value), anchor,
            ))  # fmt: skip
        gone: defaultdict[Owner, dict[int, int]] = defaultdict(dict)
        for seq, profile, track, achieved in ended:
            gone[lane_of[track], profile][seq] = achieved
        following = postgres_kept.Following(self._session, lane_of, self._block.made)
        changes, before = following.record(added, gone)
        return [(*row, before[row[0]]) for row in completions], retractions, changes

    def _write_standings(self) -> None:
        block, profiles = self._block, self._batch.profiles
        held = block.profiles
        numbers = []
        for name, until in profiles.until.items():
            profile = held[name]
            numbers.append(profile.id)
            if profile.until is None:
                self._known += 1
            profile.until, profile.revision = until, block.number
        untils, wakes = list(profiles.until.values()), [profiles.wake.get(name) for name in profiles.until]
        if numbers:
            self._session.send("set_profiles", (block.number, numbers, untils, wakes))
        others = {entry.profile_id for entry in self._batch.entries if isinstance(entry, Completion)} - profiles.keys()
        if others:
            for name in others:
                profile = held[name]
                if profile.until is None:
                    self._known += 1
                    profile.until = 0
                profile.revision = block.number
                block.made.discard(profile.id)
            self._session.send("touch_profiles", (block.number, [held[name].id for name in others]))


def columns_of(rows: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
    """*rows* as a list for each column, as the statements with ``unnest`` take them."""
    return [list(column) for column in zip(*rows, strict=True)]


def _number_text(value: float | str | None) -> str | None:
    """A completion's value as JSON text, whatever kind of number it is."""
    return value if value is None or isinstance(value, str) else encode_value(value)
