package catalog

// accessSchema holds who may use the server: users, their groups and API keys,
// browser sessions, and policies. Groups have no table: a group is what users
// are members of and policies speak of.
const accessSchema = `
CREATE TABLE users (
	id          TEXT PRIMARY KEY,
	name        TEXT NOT NULL UNIQUE COLLATE NOCASE,
	description TEXT NOT NULL,
	groups      TEXT NOT NULL,              -- JSON: names
	issuer      TEXT NOT NULL,              -- of the identity provider; empty: a local user
	subject     TEXT NOT NULL,              -- the user's name at the issuer
	password    TEXT NOT NULL,              -- hash; empty: no login with a password
	disabled    INTEGER NOT NULL,
	created     INTEGER NOT NULL,
	updated     INTEGER NOT NULL,
	revision    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX users_subject ON users (issuer, subject) WHERE issuer <> '';

CREATE TABLE api_keys (
	user        TEXT NOT NULL REFERENCES users ON DELETE CASCADE,
	fingerprint TEXT NOT NULL,
	public      BLOB NOT NULL,              -- DER
	created     INTEGER NOT NULL,
	PRIMARY KEY (user, fingerprint)
) STRICT, WITHOUT ROWID;

CREATE TABLE sessions (
	hash    BLOB PRIMARY KEY,               -- SHA-256 of the token
	user    TEXT NOT NULL,
	created INTEGER NOT NULL,
	seen    INTEGER NOT NULL,
	expires INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_user ON sessions (user);

CREATE TABLE policies (
	id          TEXT PRIMARY KEY,
	name        TEXT NOT NULL UNIQUE COLLATE NOCASE,
	description TEXT NOT NULL,
	statements  TEXT NOT NULL,              -- JSON: as they were written
	created     INTEGER NOT NULL,
	updated     INTEGER NOT NULL,
	revision    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
`
