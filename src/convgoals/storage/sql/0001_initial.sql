-- The first schema. Instants are integer microseconds since 1970-01-01T00:00:00Z; names are text, compared by code point.
-- What is written with every batch is narrow and either appended to or updated in place, so that a batch touches few
-- pages. Links between tables are kept by the one transaction that a batch is, not by foreign keys: they would be
-- checked row by row.

PRAGMA application_id = 1131376246; -- "Conv"

-- Every identity that was ever named. One that became another points to it, always to the last.
CREATE TABLE profile (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    became INTEGER -- profile.id
);

CREATE INDEX profile_became ON profile (became) WHERE became IS NOT NULL;

-- Where each profile stands: a row for every row of profile, apart from it because it changes all the time. What of it
-- is fresh counts instead.
CREATE TABLE standing (
    profile INTEGER PRIMARY KEY, -- profile.id
    until INTEGER, -- the instant to which the ledger has been brought; NULL: not a known profile (it became another)
    wake INTEGER, -- the next instant at which time alone may complete a goal
    facts INTEGER, -- the latest chunk.id
    completions INTEGER -- the latest completion.seq
);

CREATE INDEX standing_wake ON standing (wake) WHERE wake IS NOT NULL;

-- What batches have changed of standing and is not in place there yet: a row for each batch, the later counts.
CREATE TABLE fresh_standing (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    standings BLOB NOT NULL -- standing's columns in their order, row by row, each in 8 bytes, the lowest first; NULL is -2^63
);

-- A profile's kept facts, one row for all that came in one batch, each row with the one before: no index is needed to
-- find them, and nothing but standing is written at random places. Of two facts with one id, the first counts.
CREATE TABLE chunk (
    id INTEGER PRIMARY KEY,
    previous INTEGER, -- chunk.id
    earliest INTEGER NOT NULL, -- the earliest instant of a fact in it
    latest INTEGER NOT NULL, -- the latest instant of a fact in it
    number INTEGER NOT NULL, -- how many facts are in it
    scope TEXT, -- if not NULL, they concern some goals only
    facts TEXT NOT NULL -- JSON, see codec.py; last, so that what is not read costs nothing
);

-- What the engine has saved of a few profiles, to go on from.
CREATE TABLE state (
    profile INTEGER PRIMARY KEY, -- profile.id
    at INTEGER NOT NULL, -- it covers the facts at or before this instant
    text TEXT NOT NULL
);

CREATE TABLE receipt (
    campaign TEXT NOT NULL,
    profile INTEGER NOT NULL, -- profile.id
    fact TEXT NOT NULL, -- the receipt's id
    instant INTEGER NOT NULL,
    channel TEXT,
    dropped INTEGER NOT NULL DEFAULT 0, -- whether its fact is no longer in a chunk
    PRIMARY KEY (campaign, profile, fact)
) WITHOUT ROWID;

CREATE INDEX receipt_profile ON receipt (profile);

-- A goal under one of its versions, as completions name it.
CREATE TABLE track (
    id INTEGER PRIMARY KEY,
    goal TEXT NOT NULL,
    version INTEGER NOT NULL,
    UNIQUE (goal, version)
);

-- The ledger is completion and retraction together, in the order of seq, which they share. Nothing in it is changed,
-- but for before, which is no part of it: of the profile's completions in the lane that hold, when the one before was
-- achieved; NULL: it is the first of them; -9223372036854775808: it holds no longer.
CREATE TABLE completion (
    seq INTEGER PRIMARY KEY,
    previous INTEGER, -- completion.seq: the profile's one before
    track INTEGER NOT NULL, -- track.id
    profile INTEGER NOT NULL, -- profile.id
    achieved INTEGER NOT NULL,
    recorded INTEGER NOT NULL,
    trigger_id TEXT,
    channel TEXT,
    segments TEXT, -- a JSON list; NULL: none
    value, -- an integer or float as it is; other numbers as JSON text, see codec.py
    since_anchor INTEGER, -- microseconds
    before INTEGER
);

CREATE INDEX completion_track ON completion (track, achieved, before, since_anchor);

CREATE INDEX completion_profile ON completion (profile, track, achieved, before);

CREATE INDEX completion_before ON completion (track, before, achieved, channel) WHERE before > -9223372036854775808;

CREATE INDEX completion_wait ON completion (track, since_anchor, achieved, before) WHERE since_anchor IS NOT NULL;

CREATE TABLE retraction (
    seq INTEGER PRIMARY KEY,
    completion INTEGER NOT NULL UNIQUE, -- completion.seq
    recorded INTEGER NOT NULL,
    cause TEXT
);

-- What reports are made of, see kept.py: counts of the completions that hold, by lane, which is the first track of a
-- goal. They are what counting the ledger anew would give. A sum is units and rest together; rest is a decimal as text, NULL for 0. A count of
-- nothing has no row. A key that is text says NULL as '', and has an = before any other text.
CREATE TABLE tally (
    lane INTEGER NOT NULL, -- track.id
    quarter INTEGER NOT NULL, -- of an hour since the epoch
    track INTEGER NOT NULL, -- track.id
    completions INTEGER NOT NULL,
    firsts INTEGER NOT NULL, -- how many are their profile's first in the lane
    valued INTEGER NOT NULL, -- how many have a number for a value
    units INTEGER NOT NULL,
    rest TEXT,
    PRIMARY KEY (lane, quarter, track)
) WITHOUT ROWID;

CREATE TABLE channel_tally (
    lane INTEGER NOT NULL,
    hour INTEGER NOT NULL,
    track INTEGER NOT NULL,
    channel TEXT NOT NULL,
    completions INTEGER NOT NULL,
    firsts INTEGER NOT NULL,
    valued INTEGER NOT NULL,
    units INTEGER NOT NULL,
    rest TEXT,
    PRIMARY KEY (lane, hour, track, channel)
) WITHOUT ROWID;

-- Of completions that are not their profile's first: by the day of the one before.
CREATE TABLE repeat_tally (
    lane INTEGER NOT NULL,
    day INTEGER NOT NULL,
    quarter INTEGER NOT NULL,
    completions INTEGER NOT NULL,
    PRIMARY KEY (lane, quarter, day)
) WITHOUT ROWID;

CREATE TABLE channel_repeat_tally (
    lane INTEGER NOT NULL,
    day INTEGER NOT NULL,
    hour INTEGER NOT NULL,
    track INTEGER NOT NULL,
    channel TEXT NOT NULL,
    completions INTEGER NOT NULL,
    PRIMARY KEY (lane, hour, day, track, channel)
) WITHOUT ROWID;

-- Of those that are, the times since the anchor.
CREATE TABLE wait_tally (
    lane INTEGER NOT NULL,
    day INTEGER NOT NULL,
    bin INTEGER NOT NULL,
    completions INTEGER NOT NULL,
    units INTEGER NOT NULL, -- the sum of those times
    rest TEXT,
    PRIMARY KEY (lane, day, bin)
) WITHOUT ROWID;

CREATE TABLE goal (
    id INTEGER PRIMARY KEY, -- the order in which they were first saved
    name TEXT NOT NULL UNIQUE,
    version INTEGER NOT NULL,
    archived INTEGER NOT NULL,
    scopes TEXT NOT NULL, -- a JSON list
    definition TEXT NOT NULL -- JSON, the goal's arguments
);

CREATE TABLE position (
    source TEXT PRIMARY KEY,
    at TEXT NOT NULL -- JSON, an integer or text
) WITHOUT ROWID;

-- One row: what holds for the whole store.
CREATE TABLE total (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    reached INTEGER, -- the instant that time has reached
    profiles INTEGER NOT NULL, -- how many profiles are known
    entries INTEGER NOT NULL, -- the last seq that was given; never given again, also where its entry was erased
    erased INTEGER NOT NULL -- how many of the entries were erased since
);

INSERT INTO total (id, profiles, entries, erased) VALUES (1, 0, 0, 0);

PRAGMA user_version = 1;
