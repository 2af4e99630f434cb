CREATE TABLE policy_hit ( -- How often each policy decided, and when last.
    policy TEXT PRIMARY KEY, -- Its name.
    state  TEXT NOT NULL
) STRICT, WITHOUT ROWID;
