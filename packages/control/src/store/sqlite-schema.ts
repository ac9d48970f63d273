/** Bumped with every change of the tables; a newer file than this code is refused. */
export const SQLITE_SCHEMA_VERSION = 1;

/** The tables of a new file. `changes` is the audit log and the outbox in one. */
export const SQLITE_SCHEMA: string = `
CREATE TABLE IF NOT EXISTS revisions (
  flag_set TEXT NOT NULL, revision INTEGER NOT NULL, sha256 TEXT NOT NULL, at TEXT NOT NULL,
  text TEXT, patch TEXT, PRIMARY KEY (flag_set, revision)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS changes (
  seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, flag_set TEXT NOT NULL, flag_key TEXT NOT NULL,
  action TEXT NOT NULL, body TEXT NOT NULL, hash TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS changes_by_flag ON changes (flag_set, flag_key, seq);
CREATE INDEX IF NOT EXISTS changes_by_set ON changes (flag_set, seq);
CREATE INDEX IF NOT EXISTS kills ON changes (flag_set, flag_key) WHERE action = 'killed';
CREATE TABLE IF NOT EXISTS keys (
  id TEXT PRIMARY KEY, name TEXT NOT NULL, secret_sha256 TEXT NOT NULL, scopes TEXT NOT NULL, sets TEXT NOT NULL,
  actor_type TEXT NOT NULL, created_at TEXT NOT NULL, revoked_at TEXT);
CREATE TABLE IF NOT EXISTS secrets (name TEXT PRIMARY KEY, value BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS cursors (sink TEXT PRIMARY KEY, seq INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS dead_letters (
  sink TEXT NOT NULL, seq INTEGER NOT NULL, reason TEXT NOT NULL, at TEXT NOT NULL, PRIMARY KEY (sink, seq));
CREATE TABLE IF NOT EXISTS leases (
  name TEXT PRIMARY KEY, owner TEXT NOT NULL, until INTEGER NOT NULL, token INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS documents (
  kind TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (kind, id));
CREATE TABLE IF NOT EXISTS logs (
  kind TEXT NOT NULL, id TEXT NOT NULL, seq INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (kind, id, seq));
`;
