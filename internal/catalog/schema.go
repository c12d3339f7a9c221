package catalog

// migrations are applied in order, each once; PRAGMA user_version counts them.
// A migration that was released is never edited.
func migrations() []string {
	return []string{`
CREATE TABLE log_groups (
	id           TEXT PRIMARY KEY,
	name         TEXT NOT NULL,
	description  TEXT NOT NULL,
	compartment  TEXT NOT NULL,
	freeform     TEXT NOT NULL,            -- JSON
	defined      TEXT NOT NULL,            -- JSON
	created      INTEGER NOT NULL,
	updated      INTEGER NOT NULL,
	revision     INTEGER NOT NULL,
	seeded       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE uploads (
	reference TEXT PRIMARY KEY,
	name      TEXT NOT NULL UNIQUE,
	created   INTEGER NOT NULL,
	updated   INTEGER NOT NULL,
	earliest  INTEGER NOT NULL DEFAULT 0,  -- of the log entries; 0: none yet
	latest    INTEGER NOT NULL DEFAULT 0,
	warnings  INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE INDEX uploads_updated ON uploads (updated, reference);
CREATE INDEX uploads_created ON uploads (created, reference);

CREATE TABLE upload_files (
	reference TEXT PRIMARY KEY,
	upload    TEXT NOT NULL REFERENCES uploads,
	name      TEXT NOT NULL,
	source    TEXT NOT NULL,
	log_group TEXT NOT NULL,
	entity    TEXT NOT NULL,
	user      TEXT NOT NULL,
	bytes     INTEGER NOT NULL,
	received  INTEGER NOT NULL,
	status    TEXT NOT NULL,
	finished  INTEGER NOT NULL DEFAULT 0,
	rows      INTEGER NOT NULL DEFAULT 0,
	earliest  INTEGER NOT NULL DEFAULT 0,
	latest    INTEGER NOT NULL DEFAULT 0,
	warnings  INTEGER NOT NULL DEFAULT 0,
	failure   TEXT NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;
CREATE INDEX upload_files_upload ON upload_files (upload, received, reference);
CREATE INDEX upload_files_open ON upload_files (log_group) WHERE status = 'IN_PROGRESS';

CREATE TABLE upload_warnings (
	file    TEXT NOT NULL REFERENCES upload_files ON DELETE CASCADE,
	seq     INTEGER NOT NULL,
	upload  TEXT NOT NULL,
	code    TEXT NOT NULL,
	message TEXT NOT NULL,
	count   INTEGER NOT NULL,
	example TEXT NOT NULL,
	at      INTEGER NOT NULL,
	PRIMARY KEY (file, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX upload_warnings_upload ON upload_warnings (upload, at, file, seq);

CREATE TABLE documents (
	kind    TEXT NOT NULL,
	name    TEXT NOT NULL,
	json    BLOB NOT NULL,
	updated INTEGER NOT NULL,
	PRIMARY KEY (kind, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE retry_tokens (
	scope    TEXT NOT NULL,
	token    TEXT NOT NULL,
	payload  BLOB NOT NULL,                -- SHA-256 of the request
	response BLOB NOT NULL,
	created  INTEGER NOT NULL,
	PRIMARY KEY (scope, token)
) STRICT, WITHOUT ROWID;
CREATE INDEX retry_tokens_created ON retry_tokens (created);
`, `
CREATE TABLE lookups (
	number      INTEGER PRIMARY KEY AUTOINCREMENT,
	id          TEXT NOT NULL,
	name        TEXT NOT NULL UNIQUE COLLATE NOCASE,
	description TEXT NOT NULL,
	hidden      INTEGER NOT NULL,
	columns     TEXT NOT NULL,              -- JSON
	rows        INTEGER NOT NULL,
	bytes       INTEGER NOT NULL,
	created     INTEGER NOT NULL,
	updated     INTEGER NOT NULL,
	revision    INTEGER NOT NULL
) STRICT;

CREATE TABLE lookup_parts (
	lookup INTEGER NOT NULL REFERENCES lookups ON DELETE CASCADE,
	seq    INTEGER NOT NULL,
	csv    BLOB NOT NULL                    -- rows without the names of the columns
) STRICT;
CREATE INDEX lookup_parts_lookup ON lookup_parts (lookup, seq);

CREATE TABLE work_requests (
	id        TEXT PRIMARY KEY,
	operation TEXT NOT NULL,
	lookup    INTEGER NOT NULL,
	accepted  INTEGER NOT NULL,
	finished  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX work_requests_accepted ON work_requests (accepted, id);
`, `
CREATE TABLE saved_searches (
	name        TEXT PRIMARY KEY COLLATE NOCASE,
	query       TEXT NOT NULL,
	description TEXT NOT NULL,
	last        TEXT NOT NULL,              -- default time range, a duration
	zone        TEXT NOT NULL,
	created     INTEGER NOT NULL,
	updated     INTEGER NOT NULL,
	revision    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
`, itemsSchema, accessSchema, peopleSchema, tasksSchema + associationsSchema, firstStartSchema, lookupTagsSchema, lookupMatchingSchema}
}
