/** Serialises schema creation and appends to the audit log between processes. */
export const AUDIT_LOCK = 0x666c6167;

/** Class of the locks by which owners of leases show that they live. */
export const LIFE_LOCK = 0x666c6c66;

/** The tables of a new database. What may be lost in a crash of the server (presence, claims) is UNLOGGED. */
export const POSTGRES_SCHEMA: string = `
CREATE SCHEMA IF NOT EXISTS flagspan;
CREATE TABLE IF NOT EXISTS flagspan.revisions (
  flag_set text NOT NULL, revision bigint NOT NULL, sha256 text NOT NULL, at text NOT NULL,
  text text, patch text, PRIMARY KEY (flag_set, revision));
CREATE TABLE IF NOT EXISTS flagspan.changes (
  seq bigint PRIMARY KEY, id text NOT NULL UNIQUE, flag_set text NOT NULL, flag_key text NOT NULL,
  action text NOT NULL, body text NOT NULL, hash text NOT NULL);
CREATE INDEX IF NOT EXISTS changes_by_flag ON flagspan.changes (flag_set, flag_key, seq);
CREATE INDEX IF NOT EXISTS changes_by_set ON flagspan.changes (flag_set, seq);
CREATE INDEX IF NOT EXISTS kills ON flagspan.changes (flag_set, flag_key) WHERE action = 'killed';
CREATE TABLE IF NOT EXISTS flagspan.keys (
  id text PRIMARY KEY, name text NOT NULL, secret_sha256 text NOT NULL, scopes text NOT NULL, sets text NOT NULL,
  actor_type text NOT NULL, created_at text NOT NULL, revoked_at text);
CREATE TABLE IF NOT EXISTS flagspan.secrets (name text PRIMARY KEY, value bytea NOT NULL);
CREATE TABLE IF NOT EXISTS flagspan.cursors (sink text PRIMARY KEY, seq bigint NOT NULL);
CREATE TABLE IF NOT EXISTS flagspan.dead_letters (
  sink text NOT NULL, seq bigint NOT NULL, reason text NOT NULL, at text NOT NULL, PRIMARY KEY (sink, seq));
CREATE TABLE IF NOT EXISTS flagspan.leases (
  name text PRIMARY KEY, owner text NOT NULL, until bigint NOT NULL, token bigint NOT NULL);
CREATE TABLE IF NOT EXISTS flagspan.documents (
  kind text NOT NULL, id text NOT NULL, version bigint NOT NULL, body text NOT NULL, PRIMARY KEY (kind, id));
CREATE TABLE IF NOT EXISTS flagspan.logs (
  kind text NOT NULL, id text NOT NULL, seq bigint NOT NULL, body text NOT NULL, PRIMARY KEY (kind, id, seq));
CREATE UNLOGGED TABLE IF NOT EXISTS flagspan.claims (name text PRIMARY KEY, until bigint NOT NULL);
CREATE UNLOGGED TABLE IF NOT EXISTS flagspan.presence (
  process text NOT NULL, flag_set text NOT NULL, body text NOT NULL, until timestamptz NOT NULL,
  PRIMARY KEY (process, flag_set));
`;
