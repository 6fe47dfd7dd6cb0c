-- minReader: 1
-- What is to be told to whom: a row is made with the event it tells of, and stays until it is old.

CREATE TABLE hook_deliveries (
  id TEXT PRIMARY KEY,
  hook_id TEXT NOT NULL,
  -- The event in the outbox; a test has none.
  seq INTEGER,
  type TEXT NOT NULL,
  body TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('pending', 'delivered', 'failed')),
  attempts INTEGER NOT NULL DEFAULT 0,
  created_ms INTEGER NOT NULL,
  -- When it is tried next; only while it is pending.
  next_ms INTEGER,
  tried_ms INTEGER,
  ended_ms INTEGER,
  -- Of the last attempt: the HTTP status, and why it did not count.
  status INTEGER,
  reason TEXT
) STRICT, WITHOUT ROWID;

CREATE INDEX hook_deliveries_pending ON hook_deliveries (hook_id, next_ms) WHERE state = 'pending';
CREATE INDEX hook_deliveries_by_hook ON hook_deliveries (hook_id, id, state);
CREATE INDEX hook_deliveries_by_age ON hook_deliveries (created_ms);
