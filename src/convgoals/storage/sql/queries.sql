-- Every statement of the SQLite store, each below its name. Values are parameters, always.

-- name: totals
SELECT
    (SELECT coalesce(max(id), 0) FROM profile),
    (SELECT coalesce(max(id), 0) FROM chunk),
    total.profiles, total.entries
FROM total;

-- name: set_totals
UPDATE total SET reached = coalesce(max(reached, ?1), ?1, reached), profiles = ?2, entries = ?3;

-- name: reached
SELECT reached FROM total;

-- name: profile_count
SELECT profiles FROM total;

-- name: last_entry
SELECT entries FROM total;

---- profiles

-- name: find_profile
SELECT profile.id, standing.until, standing.wake, standing.facts, standing.completions
FROM profile JOIN standing ON standing.profile = profile.id
WHERE profile.name = ?;

-- name: current_name
SELECT new.name FROM profile AS old JOIN profile AS new ON new.id = coalesce(old.became, old.id) WHERE old.name = ?;

-- name: find_profiles
SELECT profile.name, profile.id, standing.until, standing.wake, standing.facts, standing.completions
FROM profile JOIN standing ON standing.profile = profile.id
WHERE profile.name IN (?);

-- name: add_profile
INSERT INTO profile (id, name) VALUES (?, ?);

-- name: add_standing
INSERT INTO standing (profile, until) VALUES (?, ?);

-- name: make_known
UPDATE standing SET until = ? WHERE profile = ?;

-- name: set_standing
UPDATE standing SET until = ?, wake = ?, facts = ?, completions = ? WHERE profile = ?;

-- name: fresh_batches
SELECT min(id), max(id) FROM fresh_standing;

-- name: fresh_standings
SELECT standings FROM fresh_standing WHERE id > ? ORDER BY id;

-- name: add_fresh
INSERT INTO fresh_standing (standings) VALUES (?);

-- name: drop_fresh
DELETE FROM fresh_standing;

-- name: profile_names
SELECT profile.name FROM profile JOIN standing ON standing.profile = profile.id
WHERE profile.name > ? AND standing.until IS NOT NULL
ORDER BY profile.name LIMIT ?;

-- name: due
SELECT standing.profile, standing.wake, profile.name FROM standing JOIN profile ON profile.id = standing.profile
WHERE standing.wake <= ?;

-- name: names_of
SELECT profile.id, profile.name FROM json_each(?) AS wanted JOIN profile ON profile.id = wanted.value;

---- facts

-- name: add_chunk
INSERT INTO chunk (id, previous, earliest, latest, number, scope, facts) VALUES (?, ?, ?, ?, ?, ?, ?);

-- name: chunks
WITH RECURSIVE chain (head, previous, scope, facts) AS (
    SELECT chunk.id, chunk.previous, chunk.scope, chunk.facts
    FROM json_each(?) AS wanted JOIN chunk ON chunk.id = wanted.value
    UNION ALL
    SELECT chain.head, chunk.previous, chunk.scope, chunk.facts
    FROM chain JOIN chunk ON chunk.id = chain.previous
)
SELECT head, scope, facts FROM chain;

-- name: chunks_between
WITH RECURSIVE chain (previous, scope, facts) AS (
    SELECT chunk.previous, chunk.scope, CASE WHEN chunk.latest > :after AND chunk.earliest <= :until THEN chunk.facts END
    FROM chunk WHERE chunk.id = :head
    UNION ALL
    SELECT chunk.previous, chunk.scope, CASE WHEN chunk.latest > :after AND chunk.earliest <= :until THEN chunk.facts END
    FROM chain JOIN chunk ON chunk.id = chain.previous
)
SELECT scope, facts FROM chain;

-- name: chain
WITH RECURSIVE chain (id, previous, number) AS (
    SELECT id, previous, number FROM chunk WHERE id = ?
    UNION ALL
    SELECT chunk.id, chunk.previous, chunk.number FROM chain JOIN chunk ON chunk.id = chain.previous
)
SELECT id, number FROM chain;

-- name: latest_chunks
WITH RECURSIVE chain (id, previous, number, place) AS (
    SELECT id, previous, number, 1 FROM chunk WHERE id = ?1
    UNION ALL
    SELECT chunk.id, chunk.previous, chunk.number, chain.place + 1
    FROM chain JOIN chunk ON chunk.id = chain.previous WHERE chain.place < ?2
)
SELECT id, number, previous FROM chain;

-- name: chunk_texts
SELECT chunk.scope, chunk.facts FROM json_each(?) AS wanted JOIN chunk ON chunk.id = wanted.value
ORDER BY wanted.key DESC;

-- name: drop_these_chunks
DELETE FROM chunk WHERE id IN (SELECT value FROM json_each(?));

-- name: states
SELECT state.profile, state.at, state.text FROM json_each(?) AS wanted JOIN state ON state.profile = wanted.value;

-- name: save_state
INSERT INTO state (profile, at, text) VALUES (?, ?, ?)
ON CONFLICT (profile) DO UPDATE SET at = excluded.at, text = excluded.text;

-- name: drop_state
DELETE FROM state WHERE profile = ?;

-- name: drop_chunks
DELETE FROM chunk WHERE id IN (
    WITH RECURSIVE chain (id, previous) AS (
        SELECT chunk.id, chunk.previous FROM standing JOIN chunk ON chunk.id = standing.facts WHERE standing.profile = ?
        UNION ALL
        SELECT chunk.id, chunk.previous FROM chain JOIN chunk ON chunk.id = chain.previous
    )
    SELECT id FROM chain
);

-- name: add_receipt
INSERT INTO receipt (profile, campaign, fact, instant, channel) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING;

-- name: drop_receipt_facts
UPDATE receipt SET dropped = 1 WHERE profile = ? AND fact = ?;

-- name: dropped_receipts
SELECT receipt.instant, receipt.campaign, receipt.channel, receipt.fact
FROM profile JOIN receipt ON receipt.profile = profile.id AND receipt.dropped
WHERE profile.name = ?
ORDER BY receipt.campaign, receipt.fact;

-- name: hand_on_receipts
UPDATE OR IGNORE receipt SET profile = ? WHERE profile = ? AND dropped;

-- name: drop_receipts
DELETE FROM receipt WHERE profile = ?;

-- name: recipients
SELECT profile.name, min(receipt.instant) FROM receipt JOIN profile ON profile.id = receipt.profile
WHERE receipt.campaign = ?
GROUP BY receipt.profile;

-- name: receipts
SELECT receipt.campaign, receipt.profile, receipt.fact, profile.name, receipt.instant, receipt.channel
FROM receipt JOIN profile ON profile.id = receipt.profile
WHERE (receipt.campaign, receipt.profile, receipt.fact) > (?, ?, ?)
ORDER BY receipt.campaign, receipt.profile, receipt.fact LIMIT ?;

---- identities

-- name: aliases
SELECT old.name, new.name FROM profile AS old JOIN profile AS new ON new.id = old.became WHERE old.became IS NOT NULL;

-- name: follow_aliases
UPDATE profile SET became = ? WHERE became = ?;

-- name: set_alias
UPDATE profile SET became = ? WHERE id = ?;

-- name: drop_standing
UPDATE standing SET until = NULL, wake = NULL, facts = NULL WHERE profile = ?;

-- name: same_person
SELECT id FROM profile WHERE id = ? OR became = ?;

---- erasing

-- name: is_known
SELECT until IS NOT NULL FROM standing WHERE profile = ?;

-- name: erase_retractions
DELETE FROM retraction WHERE completion IN (
    WITH RECURSIVE chain (seq, previous) AS (
        SELECT completion.seq, completion.previous
        FROM standing JOIN completion ON completion.seq = standing.completions WHERE standing.profile = ?
        UNION ALL
        SELECT completion.seq, completion.previous FROM chain JOIN completion ON completion.seq = chain.previous
    )
    SELECT seq FROM chain
);

-- name: erase_completions
DELETE FROM completion WHERE seq IN (
    WITH RECURSIVE chain (seq, previous) AS (
        SELECT completion.seq, completion.previous
        FROM standing JOIN completion ON completion.seq = standing.completions WHERE standing.profile = ?
        UNION ALL
        SELECT completion.seq, completion.previous FROM chain JOIN completion ON completion.seq = chain.previous
    )
    SELECT seq FROM chain
);

-- name: add_erased
UPDATE total SET erased = erased + ?;

-- name: erase_standing
DELETE FROM standing WHERE profile = ?;

-- name: erase_profile
DELETE FROM profile WHERE id = ?;

---- the ledger

-- name: tracks
SELECT id, goal, version FROM track ORDER BY id;

-- name: add_track
INSERT INTO track (id, goal, version) VALUES (?, ?, ?);

-- name: add_completion
INSERT INTO completion
    (track, achieved, recorded, trigger_id, channel, segments, value, since_anchor, seq, previous, profile, before)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: add_retraction
INSERT INTO retraction (completion, recorded, cause, seq) VALUES (?, ?, ?, ?);

-- name: recorded
WITH RECURSIVE chain (seq, previous, place) AS (
    SELECT seq, previous, 1 FROM completion WHERE seq = :latest
    UNION ALL
    SELECT completion.seq, completion.previous, chain.place + 1
    FROM chain JOIN completion ON completion.seq = chain.previous WHERE chain.place < :rows
)
SELECT completion.seq, completion.track, completion.achieved, completion.recorded, completion.trigger_id,
    completion.channel, completion.segments, completion.value, completion.since_anchor, profile.name,
    completion.previous,
    EXISTS (SELECT 1 FROM retraction WHERE retraction.completion = completion.seq AND retraction.seq <= :entries)
FROM chain JOIN completion ON completion.seq = chain.seq JOIN profile ON profile.id = completion.profile
ORDER BY completion.seq DESC;

-- name: track_history
SELECT completion.seq, completion.track, completion.achieved, completion.recorded, completion.trigger_id,
    completion.channel, completion.segments, completion.value, completion.since_anchor, profile.name
FROM completion JOIN profile ON profile.id = completion.profile
WHERE completion.track = :track AND completion.achieved >= :achieved
    AND (completion.achieved > :achieved OR completion.seq > :seq)
    AND completion.seq <= :entries AND completion.recorded <= :as_of
    AND (:retracted OR NOT EXISTS (
        SELECT 1 FROM retraction
        WHERE retraction.completion = completion.seq AND retraction.seq <= :entries AND retraction.recorded <= :as_of
    ))
ORDER BY completion.achieved, completion.seq LIMIT :rows;

-- name: profile_history
WITH RECURSIVE chain (seq, previous) AS (
    SELECT completion.seq, completion.previous FROM completion WHERE completion.seq = :latest
    UNION ALL
    SELECT completion.seq, completion.previous FROM chain JOIN completion ON completion.seq = chain.previous
)
SELECT completion.seq, completion.track, completion.achieved, completion.recorded, completion.trigger_id,
    completion.channel, completion.segments, completion.value, completion.since_anchor, profile.name
FROM chain JOIN completion ON completion.seq = chain.seq JOIN profile ON profile.id = completion.profile
WHERE completion.recorded <= :as_of
    AND (:retracted OR NOT EXISTS (
        SELECT 1 FROM retraction WHERE retraction.completion = completion.seq AND retraction.recorded <= :as_of
    ));

-- name: all_completions
SELECT completion.seq, completion.track, completion.achieved, completion.recorded, completion.trigger_id,
    completion.channel, completion.segments, completion.value, completion.since_anchor, profile.name
FROM completion JOIN profile ON profile.id = completion.profile
WHERE completion.seq > ? AND completion.seq <= ?
ORDER BY completion.seq LIMIT ?;

-- name: all_retractions
SELECT completion.seq, completion.track, completion.achieved, completion.recorded, completion.trigger_id,
    completion.channel, completion.segments, completion.value, completion.since_anchor, profile.name,
    retraction.seq, retraction.recorded, retraction.cause
FROM retraction
JOIN completion ON completion.seq = retraction.completion
JOIN profile ON profile.id = completion.profile
WHERE retraction.seq > ? AND retraction.seq <= ?
ORDER BY retraction.seq LIMIT ?;

---- what is kept for reports

-- name: latest_held
SELECT (
    SELECT achieved FROM completion
    WHERE profile = json_extract(wanted.value, '$[0]') AND track = json_extract(wanted.value, '$[1]')
        AND (before IS NULL OR before > -9223372036854775808)
    ORDER BY achieved DESC LIMIT 1
)
FROM json_each(?) AS wanted
ORDER BY wanted.key;

-- name: held_before
SELECT achieved FROM completion
WHERE profile = ? AND track = ? AND achieved < ? AND (before IS NULL OR before > -9223372036854775808)
ORDER BY achieved DESC LIMIT 1;

-- name: held_after
SELECT achieved FROM completion
WHERE profile = ? AND track = ? AND achieved > ? AND (before IS NULL OR before > -9223372036854775808)
ORDER BY achieved LIMIT 1;

-- name: held
SELECT achieved, coalesce(trigger_id, ''), seq, track, channel, value, since_anchor, before FROM completion
WHERE profile = ? AND track = ? AND achieved BETWEEN ? AND ? AND (before IS NULL OR before > -9223372036854775808);

-- name: all_held
SELECT achieved, coalesce(trigger_id, ''), seq, track, channel, value, since_anchor, before FROM completion
WHERE profile = ? AND (before IS NULL OR before > -9223372036854775808);

-- name: ended
SELECT seq, profile, track, achieved FROM completion WHERE seq = ?;

-- name: set_before
UPDATE completion SET before = ? WHERE seq = ?;

-- name: tally
SELECT completions, firsts, valued, units, rest FROM tally WHERE lane = ? AND quarter = ? AND track = ?;

-- name: add_tally
INSERT INTO tally (completions, firsts, valued, units, lane, quarter, track) VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (lane, quarter, track) DO UPDATE SET
    completions = completions + excluded.completions, firsts = firsts + excluded.firsts,
    valued = valued + excluded.valued, units = units + excluded.units;

-- name: set_tally
REPLACE INTO tally (completions, firsts, valued, units, rest, lane, quarter, track) VALUES (?, ?, ?, ?, ?, ?, ?, ?);

-- name: drop_tally
DELETE FROM tally WHERE lane = ? AND quarter = ? AND track = ?;

-- name: channel_tally
SELECT completions, firsts, valued, units, rest FROM channel_tally
WHERE lane = ? AND hour = ? AND track = ? AND channel = ?;

-- name: add_channel_tally
INSERT INTO channel_tally (completions, firsts, valued, units, lane, hour, track, channel)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (lane, hour, track, channel) DO UPDATE SET
    completions = completions + excluded.completions, firsts = firsts + excluded.firsts,
    valued = valued + excluded.valued, units = units + excluded.units;

-- name: set_channel_tally
REPLACE INTO channel_tally (completions, firsts, valued, units, rest, lane, hour, track, channel)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: drop_channel_tally
DELETE FROM channel_tally WHERE lane = ? AND hour = ? AND track = ? AND channel = ?;

-- name: wait_tally
SELECT completions, 0, 0, units, rest FROM wait_tally WHERE lane = ? AND day = ? AND bin = ?;

-- name: add_wait_tally
INSERT INTO wait_tally (completions, units, lane, day, bin) VALUES (?1, ?4, ?5, ?6, ?7)
ON CONFLICT (lane, day, bin) DO UPDATE SET
    completions = completions + excluded.completions, units = units + excluded.units;

-- name: set_wait_tally
REPLACE INTO wait_tally (completions, units, rest, lane, day, bin) VALUES (?1, ?4, ?5, ?6, ?7, ?8);

-- name: drop_wait_tally
DELETE FROM wait_tally WHERE lane = ? AND day = ? AND bin = ?;

-- name: add_repeats
INSERT INTO repeat_tally (completions, lane, quarter, day) VALUES (?, ?, ?, ?)
ON CONFLICT (lane, quarter, day) DO UPDATE SET completions = completions + excluded.completions;

-- name: drop_repeats
DELETE FROM repeat_tally WHERE completions = 0 AND lane = ? AND quarter = ? AND day = ?;

-- name: add_channel_repeats
INSERT INTO channel_repeat_tally (completions, lane, hour, day, track, channel) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (lane, hour, day, track, channel) DO UPDATE SET completions = completions + excluded.completions;

-- name: drop_channel_repeats
DELETE FROM channel_repeat_tally
WHERE completions = 0 AND lane = ? AND hour = ? AND day = ? AND track = ? AND channel = ?;

---- what reports ask of it

-- name: has_repeats
SELECT EXISTS (SELECT 1 FROM repeat_tally WHERE lane = ?);

-- name: begins_before
SELECT EXISTS (SELECT 1 FROM tally WHERE lane = ? AND quarter <= ?);

-- name: tallies
SELECT quarter, track, completions, firsts, valued, units, rest FROM tally
WHERE lane = ? AND quarter BETWEEN ? AND ?
ORDER BY quarter;

-- name: repeats_across
SELECT quarter, sum(completions) FROM repeat_tally
WHERE lane = ? AND quarter BETWEEN ? AND ? AND day < ?
GROUP BY quarter ORDER BY quarter;

-- name: group_tallies
SELECT track, channel, sum(completions), sum(firsts), sum(valued), sum(units >> 32), sum(units & 4294967295)
FROM channel_tally
WHERE lane = ? AND hour BETWEEN ? AND ?
GROUP BY track, channel;

-- name: group_rests
SELECT track, channel, rest FROM channel_tally WHERE lane = ? AND hour BETWEEN ? AND ? AND rest IS NOT NULL;

-- name: group_repeats_across
SELECT track, channel, sum(completions) FROM channel_repeat_tally
WHERE lane = ? AND hour BETWEEN ? AND ? AND day < ?
GROUP BY track, channel;

-- name: repeats_of_day
SELECT json_group_array((achieved - ((achieved % 900000000) + 900000000) % 900000000) / 900000000) FROM completion
WHERE track = ? AND before >= ? AND before < ? AND before > -9223372036854775808 AND achieved >= ?;

-- name: channel_repeats_of_day
SELECT (achieved - ((achieved % 900000000) + 900000000) % 900000000) / 900000000 AS quarter, channel, count(*) FROM completion
WHERE track = ? AND before >= ? AND before < ? AND before > -9223372036854775808 AND achieved >= ?
GROUP BY 1, 2;

-- name: held_between
SELECT achieved, before, channel, value FROM completion
WHERE track = ? AND achieved BETWEEN ? AND ? AND (before IS NULL OR before > -9223372036854775808)
ORDER BY achieved;

-- name: has_waits
SELECT EXISTS (SELECT 1 FROM completion WHERE track = ? AND since_anchor IS NOT NULL);

-- name: wait_tallies
SELECT bin, sum(completions), sum(units >> 32), sum(units & 4294967295) FROM wait_tally
WHERE lane = ? AND day BETWEEN ? AND ?
GROUP BY bin ORDER BY bin;

-- name: wait_rests
SELECT rest FROM wait_tally WHERE lane = ? AND day BETWEEN ? AND ? AND rest IS NOT NULL;

-- name: waits_between
SELECT since_anchor FROM completion
WHERE track = ? AND achieved BETWEEN ? AND ? AND since_anchor IS NOT NULL AND before IS NULL;

-- name: waits_across
SELECT since_anchor FROM completion
WHERE track = ? AND achieved BETWEEN ? AND ? AND since_anchor IS NOT NULL
    AND before < ? AND before > -9223372036854775808;

-- name: waits_of_bin
SELECT since_anchor FROM completion
WHERE track = ? AND since_anchor BETWEEN ? AND ? AND before IS NULL AND achieved BETWEEN ? AND ?
ORDER BY since_anchor;

-- name: count_waits
SELECT count(*) FROM completion
WHERE track = ? AND since_anchor BETWEEN ? AND ? AND before IS NULL AND achieved BETWEEN ? AND ?;

-- name: completions_of
SELECT coalesce(sum(completions), 0) FROM tally WHERE lane IN (
    SELECT (SELECT min(lane.id) FROM track AS lane WHERE lane.goal = track.goal)
    FROM json_each(?1) AS wanted JOIN track ON track.id = wanted.value
) AND track IN (SELECT value FROM json_each(?1));

-- name: last_profile
SELECT coalesce(max(id), 0) FROM profile;

-- name: moments
SELECT profile, achieved FROM completion
WHERE track = ? AND achieved BETWEEN ? AND ? AND (before IS NULL OR before > -9223372036854775808);

-- name: moments_of
SELECT completion.profile, completion.achieved
FROM json_each(?) AS wanted CROSS JOIN completion INDEXED BY completion_profile
WHERE completion.profile = wanted.value AND completion.track = ? AND completion.achieved BETWEEN ? AND ?
    AND (completion.before IS NULL OR completion.before > -9223372036854775808);

-- name: names
SELECT profile.name FROM json_each(?) AS wanted CROSS JOIN profile WHERE profile.id = wanted.value;

---- goals and sources

-- name: goals
SELECT version, archived, scopes, definition FROM goal ORDER BY id;

-- name: save_goal
INSERT INTO goal (name, version, archived, scopes, definition) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (name) DO UPDATE
SET version = excluded.version, archived = excluded.archived, scopes = excluded.scopes,
    definition = excluded.definition;

-- name: rename_goal
UPDATE goal SET name = ?, definition = ? WHERE name = ?;

-- name: rename_tracks
UPDATE track SET goal = ? WHERE goal = ?;

-- name: positions
SELECT source, at FROM position;

-- name: save_position
INSERT INTO position (source, at) VALUES (?, ?) ON CONFLICT (source) DO UPDATE SET at = excluded.at;

---- care: each of the damage_… counts what must not be there

-- name: ledger_counts
SELECT (SELECT count(*) FROM completion), (SELECT count(*) FROM retraction);

-- name: damage_profiles
SELECT abs(total.profiles - (SELECT count(*) FROM standing WHERE until IS NOT NULL)) FROM total;

-- name: damage_entries
SELECT abs(total.entries - total.erased - (SELECT count(*) FROM completion) - (SELECT count(*) FROM retraction))
FROM total;

-- name: damage_last_entry
SELECT (SELECT count(*) FROM completion WHERE seq > total.entries OR seq < 1)
    + (SELECT count(*) FROM retraction WHERE seq > total.entries OR seq < 1)
FROM total;

-- name: damage_shared_entries
SELECT count(*) FROM retraction WHERE seq IN (SELECT seq FROM completion);

-- name: damage_standings
SELECT (SELECT count(*) FROM profile WHERE NOT EXISTS (SELECT 1 FROM standing WHERE standing.profile = profile.id))
    + (SELECT count(*) FROM standing WHERE NOT EXISTS (SELECT 1 FROM profile WHERE profile.id = standing.profile));

-- name: damage_identities
SELECT count(*)
FROM profile AS old
LEFT JOIN profile AS new ON new.id = old.became
LEFT JOIN standing ON standing.profile = old.id
WHERE old.became IS NOT NULL AND (new.id IS NULL OR new.became IS NOT NULL OR standing.until IS NOT NULL);

-- name: damage_wakes
SELECT count(*) FROM standing WHERE until IS NULL AND (wake IS NOT NULL OR facts IS NOT NULL);

-- name: damage_chunk_references
SELECT (SELECT count(*) FROM standing WHERE facts IS NOT NULL AND facts NOT IN (SELECT id FROM chunk))
    + (SELECT count(*) FROM chunk WHERE previous IS NOT NULL AND previous NOT IN (SELECT id FROM chunk));

-- name: damage_chunks
SELECT (SELECT count(*) FROM chunk) != references_.number OR (SELECT total(id) FROM chunk) != references_.total
FROM (
    SELECT sum(number) AS number, sum(total) AS total FROM (
        SELECT count(facts) AS number, total(facts) AS total FROM standing
        UNION ALL
        SELECT count(previous), total(previous) FROM chunk
    )
) AS references_;

-- name: damage_completion_references
SELECT (SELECT count(*) FROM standing WHERE completions IS NOT NULL AND completions NOT IN (SELECT seq FROM completion))
    + (SELECT count(*) FROM completion WHERE previous IS NOT NULL AND previous NOT IN (SELECT seq FROM completion))
    + (SELECT count(*) FROM completion WHERE track NOT IN (SELECT id FROM track))
    + (SELECT count(*) FROM completion WHERE profile NOT IN (SELECT id FROM profile));

-- name: damage_completions
SELECT (SELECT count(*) FROM completion) != references_.number OR (SELECT total(seq) FROM completion) != references_.total
FROM (
    SELECT sum(number) AS number, sum(total) AS total FROM (
        SELECT count(completions) AS number, total(completions) AS total FROM standing
        UNION ALL
        SELECT count(previous), total(previous) FROM completion
    )
) AS references_;

-- name: damage_chains
SELECT (
    SELECT count(*) FROM standing JOIN completion ON completion.seq = standing.completions
    WHERE completion.profile != standing.profile
) + (
    SELECT count(*) FROM completion AS later JOIN completion AS former ON former.seq = later.previous
    WHERE former.profile != later.profile OR former.seq >= later.seq
);

-- name: damage_retractions
SELECT count(*) FROM retraction
WHERE NOT EXISTS (
    SELECT 1 FROM completion WHERE completion.seq = retraction.completion AND completion.seq < retraction.seq
);

-- name: damage_states
SELECT count(*) FROM state
WHERE NOT EXISTS (SELECT 1 FROM standing WHERE standing.profile = state.profile AND standing.until IS NOT NULL);

-- name: damage_receipts
SELECT count(*) FROM receipt
WHERE NOT EXISTS (SELECT 1 FROM standing WHERE standing.profile = receipt.profile AND standing.until IS NOT NULL);

-- name: damage_before
WITH lanes AS MATERIALIZED (SELECT id, min(id) OVER (PARTITION BY goal) AS lane FROM track)
SELECT (
    SELECT count(*) FROM completion JOIN lanes ON lanes.id = completion.track
    WHERE completion.before IS NOT -9223372036854775808 AND completion.before IS NOT (
        SELECT max(achieved) FROM (
            SELECT (
                SELECT former.achieved FROM completion AS former
                WHERE former.profile = completion.profile AND former.track = others.id
                    AND former.achieved <= completion.achieved AND former.before IS NOT -9223372036854775808
                    AND (former.achieved < completion.achieved OR (coalesce(former.trigger_id, ''), former.seq)
                        < (coalesce(completion.trigger_id, ''), completion.seq))
                ORDER BY former.achieved DESC LIMIT 1
            ) AS achieved
            FROM lanes AS others WHERE others.lane = lanes.lane
        )
    )
) + (
    SELECT count(*) FROM completion WHERE before IS -9223372036854775808
        AND NOT EXISTS (SELECT 1 FROM retraction WHERE retraction.completion = completion.seq)
) + (
    SELECT count(*) FROM retraction JOIN completion ON completion.seq = retraction.completion
    WHERE completion.before IS NOT -9223372036854775808
);

-- name: tallied_quarters
SELECT DISTINCT quarter FROM tally;

-- name: damage_totals
SELECT (SELECT total(completions) FROM tally) != count(*) OR (SELECT total(completions) FROM channel_tally) != count(*)
    OR (SELECT total(completions) FROM repeat_tally) != count(before)
    OR (SELECT total(completions) FROM channel_repeat_tally) != count(before)
    OR (SELECT total(completions) FROM wait_tally) != total(before IS NULL AND since_anchor IS NOT NULL)
FROM completion WHERE before IS NOT -9223372036854775808;

-- name: differing_tallies
WITH held AS (
    SELECT lanes.lane, completion.track, coalesce('=' || completion.channel, '') AS channel, completion.since_anchor,
        (achieved - (achieved % 900000000 + 900000000) % 900000000) / 900000000 AS quarter,
        (before - (before % 86400000000 + 86400000000) % 86400000000) / 86400000000 AS former
    FROM (SELECT id, min(id) OVER (PARTITION BY goal) AS lane FROM track) AS lanes
    CROSS JOIN completion ON completion.track = lanes.id
    WHERE achieved BETWEEN :first * 900000000 AND :last * 900000000 + 899999999 AND before IS NOT -9223372036854775808
),
counted AS (
    SELECT 'quarter', lane, quarter, 0, track, '', count(*), total(former IS NULL) FROM held GROUP BY lane, quarter, track
    UNION ALL
    SELECT 'hour', lane, quarter >> 2, 0, track, channel, count(*), total(former IS NULL) FROM held
    GROUP BY lane, quarter >> 2, track, channel
    UNION ALL
    SELECT 'repeats', lane, quarter, former, 0, '', count(*), 0 FROM held WHERE former IS NOT NULL
    GROUP BY lane, quarter, former
    UNION ALL
    SELECT 'repeats by channel', lane, quarter >> 2, former, track, channel, count(*), 0 FROM held
    WHERE former IS NOT NULL GROUP BY lane, quarter >> 2, former, track, channel
),
kept AS (
    SELECT 'quarter', lane, quarter, 0, track, '', completions, firsts FROM tally
    WHERE quarter BETWEEN :first AND :last
    UNION ALL
    SELECT 'hour', lane, hour, 0, track, channel, completions, firsts FROM channel_tally
    WHERE hour BETWEEN :first >> 2 AND :last >> 2
    UNION ALL
    SELECT 'repeats', lane, quarter, day, 0, '', completions, 0 FROM repeat_tally
    WHERE quarter BETWEEN :first AND :last
    UNION ALL
    SELECT 'repeats by channel', lane, hour, day, track, channel, completions, 0 FROM channel_repeat_tally
    WHERE hour BETWEEN :first >> 2 AND :last >> 2
)
SELECT count(*) FROM (
    SELECT * FROM (SELECT * FROM counted EXCEPT SELECT * FROM kept)
    UNION ALL
    SELECT * FROM (SELECT * FROM kept EXCEPT SELECT * FROM counted)
);
