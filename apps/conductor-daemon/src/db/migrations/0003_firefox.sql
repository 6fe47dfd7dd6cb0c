-- minReader: 1
-- The operator's browsers: who may connect, what they may touch, and what they were asked.

-- Names this conductor in proofs, so that a key of one does not open another.
CREATE TABLE firefox_server (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  server_id TEXT NOT NULL
) STRICT;

-- Doors that are open now. The code is kept as it is: the proof is made with it. Gone when used or over.
CREATE TABLE firefox_pairings (
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('code', 'policy')),
  name TEXT,
  code TEXT NOT NULL,
  created_ms INTEGER NOT NULL,
  expires_ms INTEGER NOT NULL,
  tries_left INTEGER NOT NULL,
  -- A policy's code is bound to the first extension that names it.
  origin TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE firefox_clients (
  id TEXT PRIMARY KEY,
  name TEXT,
  origin TEXT NOT NULL UNIQUE,
  key TEXT NOT NULL,
  paired_ms INTEGER NOT NULL,
  -- When it connected or was lost last.
  seen_ms INTEGER NOT NULL,
  -- What it said of itself last.
  info TEXT NOT NULL,
  methods TEXT NOT NULL DEFAULT '[]',
  logins TEXT NOT NULL DEFAULT '[]'
) STRICT, WITHOUT ROWID;

CREATE TABLE firefox_sites (
  client_id TEXT NOT NULL,
  site TEXT NOT NULL,
  access TEXT NOT NULL CHECK (access IN ('allowed', 'denied', 'asked')),
  at_ms INTEGER NOT NULL,
  set_by TEXT NOT NULL,
  PRIMARY KEY (client_id, site)
) STRICT, WITHOUT ROWID;

-- The journal and the audit: a row is there before the command is sent, and stays until it is old.
-- What may be long stands last, and the rows stand beside their index: SQLite reads a row from its beginning, and most
-- questions are about the short fields. All of them fit a scan: few rows are kept.
CREATE TABLE firefox_commands (
  id TEXT NOT NULL PRIMARY KEY,
  client_id TEXT NOT NULL,
  method TEXT NOT NULL,
  effect TEXT NOT NULL CHECK (effect IN ('read', 'write')),
  state TEXT NOT NULL,
  asked_by TEXT NOT NULL,
  created_ms INTEGER NOT NULL,
  -- When its time is over; after it the browser has a little longer to say how it ended.
  deadline_ms INTEGER NOT NULL,
  sent_ms INTEGER,
  ended_ms INTEGER,
  deliveries INTEGER NOT NULL DEFAULT 0,
  cancel_asked INTEGER NOT NULL DEFAULT 0,
  -- Of the result's JSON text, wherever it is.
  result_chars INTEGER,
  error TEXT,
  params TEXT NOT NULL,
  -- Of a stream, so far.
  text TEXT,
  -- A short result; a long one is a file.
  result TEXT
) STRICT;

CREATE INDEX firefox_commands_open ON firefox_commands (client_id, id) WHERE state IN ('queued', 'sent', 'running');

-- What the user has sent and we have told: a repetition is told once.
CREATE TABLE firefox_user_events (
  client_id TEXT NOT NULL,
  event_id TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  PRIMARY KEY (client_id, event_id)
) STRICT, WITHOUT ROWID;
