-- Every statement of the PostgreSQL store, each below its name. Values are parameters, always.

---- opening

-- name: schema_exists
SELECT to_regnamespace(quote_ident(%s)) IS NOT NULL;

-- name: schema_relations
SELECT count(*) FROM pg_class
JOIN pg_namespace ON pg_namespace.oid = pg_class.relnamespace
WHERE pg_namespace.nspname = %s AND pg_class.relkind IN ('r', 'p', 'v', 'm', 'S', 'f');

-- name: is_ours
SELECT count(*) = 2, coalesce(bool_and(has_schema_privilege(pg_namespace.oid, 'USAGE')), false)
FROM pg_attribute
JOIN pg_class ON pg_class.oid = pg_attribute.attrelid
JOIN pg_namespace ON pg_namespace.oid = pg_class.relnamespace
WHERE pg_namespace.nspname = %s AND pg_class.relname = 'whole' AND pg_attribute.attname IN ('schema', 'settled');

-- name: schema_version
SELECT schema, cluster = (SELECT system_identifier FROM pg_control_system()) FROM whole;

-- name: set_schema_version
UPDATE whole SET schema = %s;

-- name: settle
UPDATE whole SET
    cluster = (SELECT system_identifier FROM pg_control_system()),
    settled = greatest(
        settled, (SELECT coalesce(max(seq), 0) FROM completion), (SELECT coalesce(max(seq), 0) FROM retraction)
    );

-- name: opening_lock
SELECT pg_advisory_xact_lock(1131376246, hashtext(%s));

-- name: encoding
SELECT current_setting('server_encoding');

---- a block of writing

-- name: plan_by_index
SELECT set_config('enable_seqscan', 'off', true), set_config('enable_hashjoin', 'off', true),
    set_config('enable_mergejoin', 'off', true);

-- name: hold_shared
LOCK TABLE whole IN ROW SHARE MODE;

-- name: hold_everything
LOCK TABLE whole IN EXCLUSIVE MODE;

-- name: lock_profiles
SELECT name, id, until, revision FROM profile WHERE name = ANY(%b::text[]) ORDER BY name FOR NO KEY UPDATE;

-- name: begun
SELECT nextval('batch_number'), pg_current_xact_id()::text, whole.generation, (SELECT max(reached) FROM total) FROM whole;

-- name: revisions
SELECT name, revision FROM profile WHERE name = ANY(%b::text[]) AND until IS NOT NULL;

-- name: next_number
SELECT nextval('batch_number');

-- name: add_profiles
INSERT INTO profile (name) SELECT new.name FROM unnest(%b::text[]) AS new (name) ORDER BY new.name COLLATE "C"
ON CONFLICT DO NOTHING RETURNING name, id;

-- name: drop_profiles
DELETE FROM profile WHERE id = ANY(%b::bigint[]);

-- name: outcome
SELECT pg_xact_status(%s::text::xid8);

-- name: bump_generation
UPDATE whole SET generation = generation + 1;

---- what a batch writes

-- name: set_profiles
UPDATE profile SET until = new.until, wake = new.wake, revision = %b::bigint
FROM unnest(%b::bigint[], %b::bigint[], %b::bigint[]) AS new (id, until, wake)
WHERE profile.id = new.id;

-- name: touch_profiles
UPDATE profile SET until = coalesce(until, 0), revision = %b::bigint WHERE id = ANY(%b::bigint[]);

-- name: add_chunks
INSERT INTO chunk (profile, earliest, latest, id, scope, facts)
SELECT new.profile, new.earliest, new.latest, new.id, new.scope, new.facts
FROM unnest(%b::bigint[], %b::bigint[], %b::bigint[], %b::bigint[], %b::text[], %b::text[])
    AS new (profile, earliest, latest, id, scope, facts);

-- name: save_states
INSERT INTO state (profile, at, text)
SELECT new.profile, new.at, new.text FROM unnest(%b::bigint[], %b::bigint[], %b::text[]) AS new (profile, at, text)
ON CONFLICT (profile) DO UPDATE SET at = excluded.at, text = excluded.text;

-- name: drop_states
DELETE FROM state WHERE profile = ANY(%b::bigint[]);

-- name: add_receipts
INSERT INTO receipt (profile, campaign, fact, instant, channel)
SELECT new.profile, new.campaign, new.fact, new.instant, new.channel
FROM unnest(%b::bigint[], %b::text[], %b::text[], %b::bigint[], %b::text[])
    AS new (profile, campaign, fact, instant, channel)
ON CONFLICT DO NOTHING;

-- name: drop_receipt_facts
UPDATE receipt SET dropped = true WHERE profile = %s AND fact = ANY(%b::text[]);

-- name: dropped_receipts
SELECT profile.name, receipt.instant, receipt.campaign, receipt.channel, receipt.fact
FROM receipt JOIN profile ON profile.id = receipt.profile
WHERE profile.name = ANY(%b::text[]) AND receipt.dropped
ORDER BY receipt.profile, receipt.campaign, receipt.fact;

-- name: hand_on_receipts
INSERT INTO receipt (campaign, profile, fact, instant, channel, dropped)
SELECT campaign, %s, fact, instant, channel, true FROM receipt WHERE profile = %s AND dropped
ON CONFLICT DO NOTHING;

-- name: add_track
INSERT INTO track (goal, version) VALUES (%s, %s) ON CONFLICT DO NOTHING;

-- name: add_completions
INSERT INTO completion
    (seq, track, profile, achieved, recorded, trigger_id, channel, segments, value, since_anchor, before)
SELECT new.seq, new.track, new.profile, new.achieved, new.recorded, new.trigger_id, new.channel, new.segments,
    new.value, new.since_anchor, new.before
FROM unnest(
    %b::bigint[], %b::bigint[], %b::bigint[], %b::bigint[], %b::bigint[], %b::text[], %b::text[], %b::text[],
    %b::text[], %b::bigint[], %b::bigint[]
) AS new (seq, track, profile, achieved, recorded, trigger_id, channel, segments, value, since_anchor, before);

-- name: add_retractions
INSERT INTO retraction (seq, completion, recorded, cause)
SELECT new.seq, new.completion, new.recorded, new.cause
FROM unnest(%b::bigint[], %b::bigint[], %b::bigint[], %b::text[]) AS new (seq, completion, recorded, cause);

-- name: save_goal
INSERT INTO goal (name, version, archived, scopes, definition) VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (name) DO UPDATE
SET version = excluded.version, archived = excluded.archived, scopes = excluded.scopes,
    definition = excluded.definition;

-- name: save_position
INSERT INTO position (source, at) VALUES (%s, %s) ON CONFLICT (source) DO UPDATE SET at = excluded.at;

-- name: add_total
UPDATE total SET reached = greatest(reached, %s::bigint), profiles = profiles + %s, entries = entries + %s
WHERE slot = pg_backend_pid() %% 64;

---- profiles and facts

-- name: load
SELECT profile.name, profile.until, profile.wake, profile.revision, state.at, state.text, chunk.scope, chunk.facts
FROM profile
LEFT JOIN state ON state.profile = profile.id
LEFT JOIN chunk ON chunk.profile = profile.id
    AND chunk.latest > coalesce(%(after)s, CASE WHEN %(resume)s THEN state.at END, -9223372036854775808)
    AND (
        chunk.earliest <= %(until)s OR %(until)s IS NULL
        OR coalesce(%(after)s, CASE WHEN %(resume)s THEN state.at END) IS NULL
    )
WHERE profile.name = ANY(%(names)b::text[]) AND profile.until IS NOT NULL
ORDER BY profile.id, chunk.id;

-- name: chunks
SELECT profile, scope, facts FROM chunk WHERE profile = ANY(%b::bigint[]) ORDER BY profile, id;

-- name: chunks_of_names
SELECT profile.name, chunk.scope, chunk.facts FROM profile LEFT JOIN chunk ON chunk.profile = profile.id
WHERE profile.name = ANY(%b::text[]) AND profile.until IS NOT NULL
ORDER BY profile.id, chunk.id;

-- name: profile_names
SELECT name FROM profile WHERE name > %s AND until IS NOT NULL ORDER BY name LIMIT %s;

-- name: due
SELECT name FROM profile WHERE wake <= %s ORDER BY wake, name;

-- name: profile_count
SELECT sum(profiles)::bigint FROM total;

-- name: reached
SELECT max(reached) FROM total;

-- name: recipients
SELECT profile.name, min(receipt.instant) FROM receipt JOIN profile ON profile.id = receipt.profile
WHERE receipt.campaign = %s
GROUP BY profile.id;

-- name: receipts
SELECT receipt.campaign, receipt.profile, receipt.fact, profile.name, receipt.instant, receipt.channel
FROM receipt JOIN profile ON profile.id = receipt.profile
WHERE (receipt.campaign, receipt.profile, receipt.fact) > (%s, %s, %s)
ORDER BY receipt.campaign, receipt.profile, receipt.fact LIMIT %s;

---- identities

-- name: aliases
SELECT old.name, new.name FROM profile AS old JOIN profile AS new ON new.id = old.became;

-- name: follow_aliases
UPDATE profile SET became = %s WHERE became = %s;

-- name: set_alias
UPDATE profile SET became = %s, until = NULL, wake = NULL, revision = %s WHERE id = %s;

-- name: be_current
UPDATE profile SET became = NULL WHERE id = %s;

-- name: drop_chunks
DELETE FROM chunk WHERE profile = %s;

-- name: drop_receipts
DELETE FROM receipt WHERE profile = %s;

-- name: same_person
SELECT other.id, other.until IS NOT NULL
FROM profile AS named JOIN profile AS other
    ON other.id = coalesce(named.became, named.id) OR other.became = coalesce(named.became, named.id)
WHERE named.name = %s;

-- name: erase_retractions
DELETE FROM retraction USING completion WHERE retraction.completion = completion.seq AND completion.profile = %s;

-- name: erase_completions
DELETE FROM completion WHERE profile = %s;

---- the ledger

-- name: tracks
SELECT id, goal, version FROM track ORDER BY id;

-- name: now
SELECT pg_current_snapshot()::text, settled FROM whole;

-- name: latest_recorded
SELECT latest.seq, latest.track, latest.achieved, latest.recorded, latest.trigger_id, latest.channel, latest.segments,
    latest.value, latest.since_anchor, wanted.profile,
    EXISTS (SELECT 1 FROM retraction WHERE retraction.completion = latest.seq)
FROM unnest(%(profiles)b::bigint[]) AS wanted (profile), LATERAL (
    SELECT * FROM completion WHERE completion.profile = wanted.profile AND completion.seq < %(before)s
    ORDER BY completion.seq DESC LIMIT %(rows)s
) AS latest
ORDER BY wanted.profile, latest.seq DESC;

-- name: recorded
SELECT completion.seq, completion.track, completion.achieved, completion.recorded, completion.trigger_id,
    completion.channel, completion.segments, completion.value, completion.since_anchor, profile.name,
    EXISTS (
        SELECT 1 FROM retraction
        WHERE retraction.completion = completion.seq
            AND (
                retraction.seq <= %(settled)s
                OR pg_visible_in_snapshot(retraction.xid, %(snapshot)s::text::pg_snapshot)
                OR (retraction.xid = %(own)s::text::xid8 AND retraction.seq <= %(own_last)s)
            )
    )
FROM profile AS named
JOIN profile ON profile.id = coalesce(named.became, named.id)
JOIN completion ON completion.profile = profile.id
WHERE named.name = %(profile)s AND completion.seq < %(before)s
    AND (
        completion.seq <= %(settled)s
        OR pg_visible_in_snapshot(completion.xid, %(snapshot)s::text::pg_snapshot)
        OR (completion.xid = %(own)s::text::xid8 AND completion.seq <= %(own_last)s)
    )
ORDER BY completion.seq DESC LIMIT %(rows)s;

-- name: track_history
SELECT completion.seq, completion.track, completion.achieved, completion.recorded, completion.trigger_id,
    completion.channel, completion.segments, completion.value, completion.since_anchor, profile.name
FROM completion JOIN profile ON profile.id = completion.profile
WHERE completion.track = %(track)s AND (completion.achieved, completion.seq) > (%(achieved)s, %(seq)s)
    AND completion.recorded <= %(as_of)s
    AND (
        completion.seq <= %(settled)s
        OR pg_visible_in_snapshot(completion.xid, %(snapshot)s::text::pg_snapshot)
        OR (completion.xid = %(own)s::text::xid8 AND completion.seq <= %(own_last)s)
    )
    AND (%(retracted)s OR NOT EXISTS (
        SELECT 1 FROM retraction
        WHERE retraction.completion = completion.seq AND retraction.recorded <= %(as_of)s
            AND (
                retraction.seq <= %(settled)s
                OR pg_visible_in_snapshot(retraction.xid, %(snapshot)s::text::pg_snapshot)
                OR (retraction.xid = %(own)s::text::xid8 AND retraction.seq <= %(own_last)s)
            )
    ))
ORDER BY completion.achieved, completion.seq LIMIT %(rows)s;

-- name: profile_history
SELECT completion.seq, completion.track, completion.achieved, completion.recorded, completion.trigger_id,
    completion.channel, completion.segments, completion.value, completion.since_anchor, profile.name
FROM profile AS named
JOIN profile ON profile.id = coalesce(named.became, named.id)
JOIN completion ON completion.profile = profile.id
WHERE named.name = %(profile)s AND completion.recorded <= %(as_of)s
    AND (%(retracted)s OR NOT EXISTS (
        SELECT 1 FROM retraction WHERE retraction.completion = completion.seq AND retraction.recorded <= %(as_of)s
    ));

-- name: all_completions
SELECT completion.seq, completion.track, completion.achieved, completion.recorded, completion.trigger_id,
    completion.channel, completion.segments, completion.value, completion.since_anchor, profile.name
FROM completion JOIN profile ON profile.id = completion.profile
WHERE completion.seq > %(after)s
    AND (
        completion.seq <= %(settled)s
        OR pg_visible_in_snapshot(completion.xid, %(snapshot)s::text::pg_snapshot)
        OR (completion.xid = %(own)s::text::xid8 AND completion.seq <= %(own_last)s)
    )
ORDER BY completion.seq LIMIT %(rows)s;

-- name: all_retractions
SELECT completion.seq, completion.track, completion.achieved, completion.recorded, completion.trigger_id,
    completion.channel, completion.segments, completion.value, completion.since_anchor, profile.name,
    retraction.seq, retraction.recorded, retraction.cause
FROM retraction
JOIN completion ON completion.seq = retraction.completion
JOIN profile ON profile.id = completion.profile
WHERE retraction.seq > %(after)s
    AND (
        retraction.seq <= %(settled)s
        OR pg_visible_in_snapshot(retraction.xid, %(snapshot)s::text::pg_snapshot)
        OR (retraction.xid = %(own)s::text::xid8 AND retraction.seq <= %(own_last)s)
    )
ORDER BY retraction.seq LIMIT %(rows)s;

---- what is kept for reports

-- name: latest_held
SELECT wanted.profile, wanted.track, latest.achieved
FROM unnest(%b::bigint[], %b::bigint[]) AS wanted (profile, track), LATERAL (
    SELECT completion.achieved FROM completion
    WHERE completion.profile = wanted.profile AND completion.track = wanted.track
        AND (completion.before IS NULL OR completion.before > -9223372036854775808)
    ORDER BY completion.achieved DESC LIMIT 1
) AS latest;

-- name: held_before
SELECT max(achieved) FROM completion
WHERE profile = %s AND track = ANY(%b::bigint[]) AND achieved < %s
    AND (before IS NULL OR before > -9223372036854775808);

-- name: held_after
SELECT min(achieved) FROM completion
WHERE profile = %s AND track = ANY(%b::bigint[]) AND achieved > %s
    AND (before IS NULL OR before > -9223372036854775808);

-- name: held
SELECT achieved, coalesce(trigger_id, ''), seq, track, channel, value, since_anchor, before FROM completion
WHERE profile = %s AND track = ANY(%b::bigint[]) AND achieved BETWEEN %s AND %s
    AND (before IS NULL OR before > -9223372036854775808);

-- name: all_held
SELECT achieved, coalesce(trigger_id, ''), seq, track, channel, value, since_anchor, before FROM completion
WHERE profile = %s AND (before IS NULL OR before > -9223372036854775808);

-- name: set_before
UPDATE completion SET before = new.before FROM unnest(%b::bigint[], %b::bigint[]) AS new (before, seq)
WHERE completion.seq = new.seq;

-- name: add_tallies
INSERT INTO tally (lane, quarter, track, slot, completions, firsts, valued, total)
SELECT new.lane, new.quarter, new.track, pg_backend_pid() %% 8, new.completions, new.firsts, new.valued,
    new.total::numeric
FROM unnest(
    %b::bigint[], %b::bigint[], %b::bigint[], %b::bigint[], %b::bigint[], %b::bigint[], %b::text[]
) AS new (lane, quarter, track, completions, firsts, valued, total)
ORDER BY new.lane, new.quarter, new.track
ON CONFLICT (lane, quarter, track, slot) DO UPDATE SET
    completions = tally.completions + excluded.completions, firsts = tally.firsts + excluded.firsts,
    valued = tally.valued + excluded.valued, total = tally.total + excluded.total;

-- name: add_channel_tallies
INSERT INTO channel_tally (lane, hour, track, channel, slot, completions, firsts, valued, total)
SELECT new.lane, new.hour, new.track, new.channel, pg_backend_pid() %% 8, new.completions, new.firsts, new.valued,
    new.total::numeric
FROM unnest(
    %b::bigint[], %b::bigint[], %b::bigint[], %b::text[], %b::bigint[], %b::bigint[], %b::bigint[], %b::text[]
) AS new (lane, hour, track, channel, completions, firsts, valued, total)
ORDER BY new.lane, new.hour, new.track, new.channel
ON CONFLICT (lane, hour, track, channel, slot) DO UPDATE SET
    completions = channel_tally.completions + excluded.completions, firsts = channel_tally.firsts + excluded.firsts,
    valued = channel_tally.valued + excluded.valued, total = channel_tally.total + excluded.total;

-- name: add_repeats
INSERT INTO repeat_tally (lane, quarter, day, slot, completions)
SELECT new.lane, new.quarter, new.day, pg_backend_pid() %% 8, new.completions
FROM unnest(%b::bigint[], %b::bigint[], %b::bigint[], %b::bigint[]) AS new (lane, quarter, day, completions)
ORDER BY new.lane, new.quarter, new.day
ON CONFLICT (lane, quarter, day, slot) DO UPDATE SET completions = repeat_tally.completions + excluded.completions;

-- name: add_channel_repeats
INSERT INTO channel_repeat_tally (lane, hour, day, track, channel, slot, completions)
SELECT new.lane, new.hour, new.day, new.track, new.channel, pg_backend_pid() %% 8, new.completions
FROM unnest(%b::bigint[], %b::bigint[], %b::bigint[], %b::bigint[], %b::text[], %b::bigint[])
    AS new (lane, hour, day, track, channel, completions)
ORDER BY new.lane, new.hour, new.day, new.track, new.channel
ON CONFLICT (lane, hour, day, track, channel, slot) DO UPDATE SET
    completions = channel_repeat_tally.completions + excluded.completions;

-- name: add_waits
INSERT INTO wait_tally (lane, day, bin, slot, completions, total)
SELECT new.lane, new.day, new.bin, pg_backend_pid() %% 8, new.completions, new.total::numeric
FROM unnest(%b::bigint[], %b::bigint[], %b::bigint[], %b::bigint[], %b::text[])
    AS new (lane, day, bin, completions, total)
ORDER BY new.lane, new.day, new.bin
ON CONFLICT (lane, day, bin, slot) DO UPDATE SET
    completions = wait_tally.completions + excluded.completions, total = wait_tally.total + excluded.total;

---- what reports ask of it, as kept_answers.py asks: a sum is units, here none, and a rest

-- name: snapshot
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;

-- name: has_repeats
SELECT EXISTS (SELECT 1 FROM repeat_tally WHERE lane = %s);

-- name: begins_before
SELECT EXISTS (SELECT 1 FROM tally WHERE lane = %s AND quarter <= %s);

-- name: tallies
SELECT quarter, track, sum(completions)::bigint, sum(firsts)::bigint, sum(valued)::bigint, 0, sum(total) FROM tally
WHERE lane = %s AND quarter BETWEEN %s AND %s
GROUP BY quarter, track HAVING sum(completions) <> 0 ORDER BY quarter;

-- name: repeats_across
SELECT quarter, sum(completions)::bigint FROM repeat_tally
WHERE lane = %s AND quarter BETWEEN %s AND %s AND day < %s
GROUP BY quarter HAVING sum(completions) <> 0 ORDER BY quarter;

-- name: group_tallies
SELECT track, channel, sum(completions)::bigint, sum(firsts)::bigint, sum(valued)::bigint, 0, 0 FROM channel_tally
WHERE lane = %s AND hour BETWEEN %s AND %s
GROUP BY track, channel HAVING sum(completions) <> 0;

-- name: group_rests
SELECT track, channel, sum(total) FROM channel_tally WHERE lane = %s AND hour BETWEEN %s AND %s
GROUP BY track, channel HAVING sum(completions) <> 0;

-- name: group_repeats_across
SELECT track, channel, sum(completions)::bigint FROM channel_repeat_tally
WHERE lane = %s AND hour BETWEEN %s AND %s AND day < %s
GROUP BY track, channel HAVING sum(completions) <> 0;

-- name: repeats_of_day
SELECT coalesce(
    json_agg((achieved - ((achieved %% 900000000) + 900000000) %% 900000000) / 900000000), '[]'
)::text FROM completion
WHERE track = %s AND before >= %s AND before < %s AND before > -9223372036854775808 AND achieved >= %s;

-- name: channel_repeats_of_day
SELECT (achieved - ((achieved %% 900000000) + 900000000) %% 900000000) / 900000000 AS quarter, channel, count(*) FROM completion
WHERE track = %s AND before >= %s AND before < %s AND before > -9223372036854775808 AND achieved >= %s
GROUP BY 1, 2;

-- name: held_between
SELECT achieved, before, channel, value FROM completion
WHERE track = %s AND achieved BETWEEN %s AND %s AND (before IS NULL OR before > -9223372036854775808)
ORDER BY achieved;

-- name: has_waits
-- As a least value it is looked for in the index; whether one exists, the planner may read the whole table for.
SELECT min(since_anchor) IS NOT NULL FROM completion WHERE track = %s AND since_anchor IS NOT NULL;

-- name: wait_tallies
SELECT bin, sum(completions)::bigint, 0, 0 FROM wait_tally
WHERE lane = %s AND day BETWEEN %s AND %s
GROUP BY bin HAVING sum(completions) <> 0 ORDER BY bin;

-- name: wait_rests
SELECT coalesce(sum(total), 0) FROM wait_tally WHERE lane = %s AND day BETWEEN %s AND %s;

-- name: waits_between
SELECT since_anchor FROM completion
WHERE track = %s AND achieved BETWEEN %s AND %s AND since_anchor IS NOT NULL AND before IS NULL;

-- name: waits_across
SELECT since_anchor FROM completion
WHERE track = %s AND achieved BETWEEN %s AND %s AND since_anchor IS NOT NULL
    AND before < %s AND before > -9223372036854775808;

-- name: waits_of_bin
SELECT since_anchor FROM completion
WHERE track = %s AND since_anchor BETWEEN %s AND %s AND before IS NULL AND achieved BETWEEN %s AND %s;

-- name: count_waits
SELECT count(*) FROM completion
WHERE track = %s AND since_anchor BETWEEN %s AND %s AND before IS NULL AND achieved BETWEEN %s AND %s;

-- name: last_profile
SELECT coalesce(max(id), 0) FROM profile;

-- name: moments_of
SELECT profile, achieved FROM completion
WHERE profile = ANY(%s) AND track = %s AND achieved BETWEEN %s AND %s
    AND (before IS NULL OR before > -9223372036854775808);

-- name: names
SELECT name FROM profile WHERE id = ANY(%s);

---- goals and sources

-- name: goals
SELECT version, archived, scopes, definition FROM goal ORDER BY id;

-- name: generation
SELECT generation FROM whole;

-- name: rename_goal
UPDATE goal SET name = %s, definition = %s WHERE name = %s;

-- name: rename_tracks
UPDATE track SET goal = %s WHERE goal = %s;

-- name: positions
SELECT source, at FROM position;

---- care: each of the damage_… counts what must not be there

-- name: ledger_counts
SELECT (SELECT count(*) FROM completion), (SELECT count(*) FROM retraction);

-- name: sizes
SELECT pg_class.relname, pg_total_relation_size(pg_class.oid) FROM pg_class
JOIN pg_namespace ON pg_namespace.oid = pg_class.relnamespace
WHERE pg_namespace.nspname = current_schema() AND pg_class.relkind = 'r'
ORDER BY pg_class.relname;

-- name: damage_profiles
SELECT abs((SELECT sum(profiles) FROM total) - (SELECT count(*) FROM profile WHERE until IS NOT NULL))::bigint;

-- name: damage_entries
SELECT abs(
    (SELECT sum(entries) FROM total) - (SELECT count(*) FROM completion) - (SELECT count(*) FROM retraction)
)::bigint;

-- name: damage_shared_entries
SELECT count(*) FROM retraction JOIN completion ON completion.seq = retraction.seq;

-- name: damage_identities
SELECT count(*) FROM profile AS old LEFT JOIN profile AS new ON new.id = old.became
WHERE old.became IS NOT NULL AND (new.id IS NULL OR new.became IS NOT NULL OR old.until IS NOT NULL);

-- name: damage_wakes
SELECT count(*) FROM profile WHERE until IS NULL AND wake IS NOT NULL;

-- name: damage_chunks
SELECT count(*) FROM chunk
WHERE NOT EXISTS (SELECT 1 FROM profile WHERE profile.id = chunk.profile AND profile.until IS NOT NULL);

-- name: damage_completions
SELECT count(*) FROM completion
WHERE NOT EXISTS (SELECT 1 FROM profile WHERE profile.id = completion.profile)
    OR NOT EXISTS (SELECT 1 FROM track WHERE track.id = completion.track);

-- name: damage_retractions
SELECT count(*) FROM retraction
WHERE NOT EXISTS (
    SELECT 1 FROM completion WHERE completion.seq = retraction.completion AND completion.seq < retraction.seq
);

-- name: damage_states
SELECT count(*) FROM state
WHERE NOT EXISTS (SELECT 1 FROM profile WHERE profile.id = state.profile AND profile.until IS NOT NULL);

-- name: damage_receipts
SELECT count(*) FROM receipt
WHERE NOT EXISTS (SELECT 1 FROM profile WHERE profile.id = receipt.profile AND profile.until IS NOT NULL);

-- name: damage_before
SELECT (
    SELECT count(*) FROM (
        SELECT completion.before, lag(completion.achieved) OVER (
            PARTITION BY lanes.lane, completion.profile
            ORDER BY completion.achieved, coalesce(completion.trigger_id, ''), completion.seq
        ) AS counted
        FROM completion
        JOIN (SELECT id, min(id) OVER (PARTITION BY goal) AS lane FROM track) AS lanes ON lanes.id = completion.track
        WHERE NOT EXISTS (SELECT 1 FROM retraction WHERE retraction.completion = completion.seq)
    ) AS held WHERE before IS DISTINCT FROM counted
) + (
    SELECT count(*) FROM retraction JOIN completion ON completion.seq = retraction.completion
    WHERE completion.before IS DISTINCT FROM -9223372036854775808
);

-- name: damage_tallies
WITH held AS (
    SELECT lanes.lane, completion.track, coalesce('=' || completion.channel, '') AS channel, completion.since_anchor,
        (achieved - mod(mod(achieved, 900000000) + 900000000, 900000000)) / 900000000 AS quarter,
        (before - mod(mod(before, 86400000000) + 86400000000, 86400000000)) / 86400000000 AS former
    FROM completion
    JOIN (SELECT id, min(id) OVER (PARTITION BY goal) AS lane FROM track) AS lanes ON lanes.id = completion.track
    WHERE before IS DISTINCT FROM -9223372036854775808
),
counted AS (
    SELECT 'quarter', lane, quarter, 0::bigint, track, '' COLLATE "C", count(*)::numeric,
        (count(*) - count(former))::numeric FROM held
    GROUP BY lane, quarter, track
    UNION ALL
    SELECT 'hour', lane, quarter >> 2, 0, track, channel, count(*), count(*) - count(former) FROM held
    GROUP BY lane, quarter >> 2, track, channel
    UNION ALL
    SELECT 'repeats', lane, quarter, former, 0, '', count(*), 0 FROM held WHERE former IS NOT NULL
    GROUP BY lane, quarter, former
    UNION ALL
    SELECT 'repeats by channel', lane, quarter >> 2, former, track, channel, count(*), 0 FROM held
    WHERE former IS NOT NULL GROUP BY lane, quarter >> 2, former, track, channel
    UNION ALL
    SELECT 'waits', lane, 0, 0, 0, '', count(*), 0 FROM held WHERE former IS NULL AND since_anchor IS NOT NULL
    GROUP BY lane
),
kept AS (
    SELECT 'quarter', lane, quarter, 0::bigint, track, '' COLLATE "C", sum(completions), sum(firsts) FROM tally
    GROUP BY lane, quarter, track HAVING sum(completions) <> 0 OR sum(firsts) <> 0
    UNION ALL
    SELECT 'hour', lane, hour, 0, track, channel, sum(completions), sum(firsts) FROM channel_tally
    GROUP BY lane, hour, track, channel HAVING sum(completions) <> 0 OR sum(firsts) <> 0
    UNION ALL
    SELECT 'repeats', lane, quarter, day, 0, '', sum(completions), 0 FROM repeat_tally
    GROUP BY lane, quarter, day HAVING sum(completions) <> 0
    UNION ALL
    SELECT 'repeats by channel', lane, hour, day, track, channel, sum(completions), 0 FROM channel_repeat_tally
    GROUP BY lane, hour, day, track, channel HAVING sum(completions) <> 0
    UNION ALL
    SELECT 'waits', lane, 0, 0, 0, '', sum(completions), 0 FROM wait_tally GROUP BY lane HAVING sum(completions) <> 0
)
SELECT count(*) FROM (
    (SELECT * FROM counted EXCEPT SELECT * FROM kept) UNION ALL (SELECT * FROM kept EXCEPT SELECT * FROM counted)
) AS differing;
