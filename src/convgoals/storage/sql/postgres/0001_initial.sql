-- The first schema, made in a PostgreSQL schema of its own. Instants are integer microseconds since
-- 1970-01-01T00:00:00Z. Names are compared by code point, which is what COLLATE "C" does with UTF-8; U+0000, which no
-- text here can hold, is written as said in postgres_text.py.
--
-- Workers write at the same time, so nothing that all of them change may be one row: what is counted is counted in
-- slots, and what is numbered gets its numbers from a sequence.

-- Every identity that was ever named, and where it stands. One that became another points to it, always to the last.
CREATE TABLE profile (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text COLLATE "C" NOT NULL UNIQUE,
    became bigint, -- profile.id
    until bigint, -- the instant to which the ledger has been brought; NULL: not a known profile
    wake bigint, -- the next instant at which time alone may complete a goal
    revision bigint NOT NULL DEFAULT 0 -- the number of the batch that changed it last
) WITH (fillfactor = 70); -- a standing that changes stays on its page, and no index needs to know

CREATE INDEX profile_became ON profile (became) WHERE became IS NOT NULL;
CREATE INDEX profile_wake ON profile (wake) WHERE wake IS NOT NULL;

-- A profile's kept facts, one row for all that came in one batch and scope. They came in the order of id; of two facts
-- with one id, in the same scope, the first counts. The key finds what is later than an instant.
CREATE TABLE chunk (
    profile bigint NOT NULL, -- profile.id
    earliest bigint NOT NULL, -- the earliest instant of a fact in it
    latest bigint NOT NULL, -- the latest instant of a fact in it
    id bigint NOT NULL,
    scope text, -- if not NULL, they concern some goals only
    facts text NOT NULL, -- JSON, see codec.py
    PRIMARY KEY (profile, latest, id)
);

-- What the engine has saved of a few profiles, to go on from.
CREATE TABLE state (
    profile bigint PRIMARY KEY, -- profile.id
    at bigint NOT NULL, -- it covers the facts at or before this instant
    text text NOT NULL
) WITH (fillfactor = 70);

CREATE TABLE receipt (
    campaign text COLLATE "C" NOT NULL,
    profile bigint NOT NULL, -- profile.id
    fact text COLLATE "C" NOT NULL, -- the receipt's id
    instant bigint NOT NULL,
    channel text COLLATE "C",
    dropped boolean NOT NULL DEFAULT false, -- whether its fact is no longer in a chunk
    PRIMARY KEY (campaign, profile, fact)
);

CREATE INDEX receipt_profile ON receipt (profile);

-- A goal under one of its versions, as completions name it.
CREATE TABLE track (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    goal text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    UNIQUE (goal, version)
);

-- The ledger is completion and retraction together, in the order of seq, which they share. Nothing in it is changed,
-- but for before, which is no part of it: of the profile's completions in the lane that hold, when the one before was
-- achieved; NULL: it is the first of them; -9223372036854775808: it holds no longer. Batches may commit in another order than they were numbered in; xid tells an iterator which entries there were when
-- it began.
CREATE TABLE completion (
    seq bigint PRIMARY KEY,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    track bigint NOT NULL, -- track.id
    profile bigint NOT NULL, -- profile.id
    achieved bigint NOT NULL,
    recorded bigint NOT NULL,
    trigger_id text COLLATE "C",
    channel text COLLATE "C",
    segments text, -- a JSON list; NULL: none
    value text, -- JSON, see codec.py
    since_anchor bigint, -- microseconds
    before bigint
);

CREATE INDEX completion_track ON completion (track, achieved, seq);
CREATE INDEX completion_profile ON completion (profile, seq);
CREATE INDEX completion_held ON completion (profile, track, achieved);
CREATE INDEX completion_before ON completion (track, before, achieved) INCLUDE (channel)
WHERE before > -9223372036854775808;
CREATE INDEX completion_wait ON completion (track, since_anchor, achieved, before) WHERE since_anchor IS NOT NULL;

CREATE TABLE retraction (
    seq bigint PRIMARY KEY,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    completion bigint NOT NULL UNIQUE, -- completion.seq
    recorded bigint NOT NULL,
    cause text COLLATE "C"
);

CREATE TABLE goal (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, -- the order in which they were first saved
    name text COLLATE "C" NOT NULL UNIQUE,
    version bigint NOT NULL,
    archived boolean NOT NULL,
    scopes text NOT NULL, -- a JSON list
    definition text NOT NULL -- JSON, the goal's arguments
);

CREATE TABLE position (
    source text COLLATE "C" PRIMARY KEY,
    at text NOT NULL -- JSON, an integer or text
);

-- What reports are made of, see kept.py: counts of the completions that hold, by lane, which is the first track of a
-- goal. They are what counting the ledger anew would give. All completions of the present fall into one quarter of an
-- hour, so each connection counts in a slot of its own, and what holds is the sum over the slots. A key that is text says
-- NULL as '', and has an = before any other text.
CREATE TABLE tally (
    lane bigint NOT NULL, -- track.id
    quarter bigint NOT NULL, -- of an hour since the epoch
    track bigint NOT NULL, -- track.id
    slot smallint NOT NULL,
    completions bigint NOT NULL,
    firsts bigint NOT NULL, -- how many are their profile's first in the lane
    valued bigint NOT NULL, -- how many have a number for a value
    total numeric NOT NULL,
    PRIMARY KEY (lane, quarter, track, slot)
) WITH (fillfactor = 70);

CREATE TABLE channel_tally (
    lane bigint NOT NULL,
    hour bigint NOT NULL,
    track bigint NOT NULL,
    channel text COLLATE "C" NOT NULL,
    slot smallint NOT NULL,
    completions bigint NOT NULL,
    firsts bigint NOT NULL,
    valued bigint NOT NULL,
    total numeric NOT NULL,
    PRIMARY KEY (lane, hour, track, channel, slot)
) WITH (fillfactor = 70);

-- Of completions that are not their profile's first: by the day of the one before.
CREATE TABLE repeat_tally (
    lane bigint NOT NULL,
    quarter bigint NOT NULL,
    day bigint NOT NULL,
    slot smallint NOT NULL,
    completions bigint NOT NULL,
    PRIMARY KEY (lane, quarter, day, slot)
) WITH (fillfactor = 70);

CREATE TABLE channel_repeat_tally (
    lane bigint NOT NULL,
    hour bigint NOT NULL,
    day bigint NOT NULL,
    track bigint NOT NULL,
    channel text COLLATE "C" NOT NULL,
    slot smallint NOT NULL,
    completions bigint NOT NULL,
    PRIMARY KEY (lane, hour, day, track, channel, slot)
) WITH (fillfactor = 70);

-- Of those that are, the times since the anchor.
CREATE TABLE wait_tally (
    lane bigint NOT NULL,
    day bigint NOT NULL,
    bin bigint NOT NULL,
    slot smallint NOT NULL,
    completions bigint NOT NULL,
    total numeric NOT NULL, -- seconds
    PRIMARY KEY (lane, day, bin, slot)
) WITH (fillfactor = 70);

-- What is counted over the whole store, and the time that was reached, in slots as well. What holds is the sum of the
-- counts, and the latest of the instants.
CREATE TABLE total (
    slot integer PRIMARY KEY,
    reached bigint,
    profiles bigint NOT NULL DEFAULT 0, -- how many have become known, less those that are not any more
    entries bigint NOT NULL DEFAULT 0 -- how many entries the ledger got, less those that were erased
) WITH (fillfactor = 10);

INSERT INTO total (slot) SELECT generate_series(0, 63);

-- Numbers batches. What a batch makes is numbered from the batch's number on, see postgres_block.py.
CREATE SEQUENCE batch_number AS bigint MAXVALUE 500000000000;

-- One row: what holds for the whole store, and changes seldom. Whoever may change everything locks this table.
CREATE TABLE whole (
    id integer PRIMARY KEY CHECK (id = 1),
    schema integer NOT NULL, -- how many migrations have been applied
    generation bigint NOT NULL, -- how often something was changed that belongs to no one profile
    cluster bigint NOT NULL, -- the server's own number; another one after the store was restored elsewhere
    settled bigint NOT NULL -- entries up to this seq are of before the store was restored: their xid says nothing
);

INSERT INTO whole (id, schema, generation, cluster, settled)
SELECT 1, 1, 0, system_identifier, 0 FROM pg_control_system();
