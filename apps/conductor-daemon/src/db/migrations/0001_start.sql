-- minReader: 1
-- What leads, why it may not begin work, what it told, and how far it has taken codexd's log over.

CREATE TABLE leader (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  fence INTEGER NOT NULL,
  holder TEXT NOT NULL,
  since TEXT NOT NULL
) STRICT;

CREATE TABLE control_reasons (
  id TEXT PRIMARY KEY,
  mode TEXT NOT NULL CHECK (mode IN ('paused', 'draining')),
  set_by TEXT NOT NULL,
  at TEXT NOT NULL,
  expires_at TEXT,
  note TEXT
) STRICT, WITHOUT ROWID;

-- The feed. A row never changes; the oldest are dropped.
CREATE TABLE outbox (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  at TEXT NOT NULL,
  type TEXT NOT NULL,
  session_id TEXT,
  turn_id TEXT,
  codex_run_id TEXT,
  approval_id TEXT,
  data TEXT NOT NULL
) STRICT;

CREATE TABLE outbox_log (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  log_id TEXT NOT NULL
) STRICT;

CREATE TABLE cursors (
  source TEXT PRIMARY KEY,
  log_id TEXT NOT NULL,
  seq INTEGER NOT NULL,
  at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- What is in progress in codexd, as its events say.
CREATE TABLE open_turns (
  turn_id TEXT PRIMARY KEY,
  session_id TEXT NOT NULL,
  state TEXT NOT NULL,
  at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE pending_approvals (
  approval_id TEXT PRIMARY KEY,
  session_id TEXT,
  turn_id TEXT,
  kind TEXT NOT NULL,
  at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Replies of keyed requests, in the same transaction as what the request changed.
CREATE TABLE replies (
  id TEXT PRIMARY KEY,
  digest TEXT NOT NULL,
  status INTEGER NOT NULL,
  body TEXT NOT NULL,
  at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX replies_by_age ON replies (at_ms);
