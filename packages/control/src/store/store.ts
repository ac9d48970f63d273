import type { FlagChange } from "@flagspan/ruleset/change";

/** One entry of the audit log, which is also the outbox: `seq` counts from 1 without a gap, in commit order. */
export interface AuditEntry {
  readonly seq: number;
  readonly change: FlagChange;
  /** Hex SHA-256 over the previous entry's hash and this entry's text. */
  readonly hash: string;
}

/** Where the chain of hashes stands, or the first entry that does not fit. */
export type ChainReport =
  | { readonly ok: true; readonly entries: number; readonly head: string }
  | { readonly ok: false; readonly entries: number; readonly brokenAt: number; readonly reason: string };

/** A page of the audit log, oldest first. */
export interface AuditQuery {
  readonly set?: string;
  readonly flag?: string;
  /** Only entries with a greater `seq`. Default 0. */
  readonly after?: number;
  /** Only entries with a smaller `seq`: with `newest`, the way back through the log. */
  readonly before?: number;
  readonly limit: number;
  /** Take the newest entries of the selection rather than the oldest; the answer is still oldest first. */
  readonly newest?: boolean;
}

/** Append-only, hash-chained record of every change. */
export interface AuditLog {
  /** Appends changes that happened elsewhere; a change whose id is known already is skipped. Durable on return. */
  append(changes: readonly FlagChange[]): Promise<readonly AuditEntry[]>;
  list(query: AuditQuery): Promise<readonly AuditEntry[]>;
  /** The entry that carries this change id. */
  find(id: string): Promise<AuditEntry | undefined>;
  /** Every entry of the flags of `set` that were ever killed, oldest first. */
  killedFlags(set: string): Promise<readonly AuditEntry[]>;
  verify(): Promise<ChainReport>;
}

/** A ruleset revision as it lies on disk: the nearest whole text and the patches that lead from it. */
export interface StoredRevision {
  readonly revision: number;
  readonly sha256: string;
  readonly at: string;
  /** Canonical text of the nearest whole revision at or below this one. */
  readonly base: string;
  /** Patch texts (see `RulesetPatch`) that turn `base` into this revision, in order. */
  readonly patches: readonly string[];
}

/** One durable write: the new revision, its audit entries and thereby the outbox. */
export interface RulesetCommit {
  readonly set: string;
  /** The revision the writer started from; 0 for a new set. The new one is `expected + 1`. */
  readonly expected: number;
  readonly sha256: string;
  readonly at: string;
  /** Canonical text, when this revision is to be stored whole. */
  readonly text: string | null;
  /** Patch text, unless the step cannot be told as one. At least one of `text` and `patch` is given. */
  readonly patch: string | null;
  readonly changes: readonly FlagChange[];
}

/** `conflict`: somebody else wrote first; nothing of this commit was kept. */
export type CommitResult =
  | { readonly ok: true; readonly revision: number; readonly entries: readonly AuditEntry[] }
  | { readonly ok: false; readonly code: "conflict"; readonly revision: number };

/** A step of a set's history, as a process that follows it needs it. */
export interface StoredStep {
  readonly revision: number;
  readonly sha256: string;
  readonly patch: string | null;
}

/** Rulesets by set and revision. */
export interface RulesetStore {
  sets(): Promise<readonly string[]>;
  /** The newest revision number, 0 where the set does not exist. */
  head(set: string): Promise<number>;
  load(set: string, revision?: number): Promise<StoredRevision | undefined>;
  stepsAfter(set: string, revision: number): Promise<readonly StoredStep[]>;
  /** Compare-and-swap on the revision. When it answers ok, everything is on disk. */
  commit(commit: RulesetCommit): Promise<CommitResult>;
  /** Calls back after every commit, by this process or another; a listener then reads what it lacks. Returns the way to stop. */
  onCommit(listener: (set: string) => void): () => void;
}

/** What a key may do. Nothing implies anything else. */
export type Scope = "evaluate" | "sync" | "telemetry" | "write" | "kill" | "admin";

/** A key as stored: of the secret only its SHA-256. */
export interface StoredKey {
  readonly id: string;
  readonly name: string;
  readonly secretSha256: string;
  readonly scopes: readonly Scope[];
  /** Flag sets by name; `*` stands for all of them. */
  readonly sets: readonly string[];
  readonly actorType: "user" | "api" | "automation";
  readonly createdAt: string;
  readonly revokedAt?: string;
}

/** Keys, never their secrets. */
export interface KeyStore {
  add(key: StoredKey): Promise<void>;
  list(): Promise<readonly StoredKey[]>;
  /** `false` where there is no such key. */
  revoke(id: string, at: string): Promise<boolean>;
  /** Calls back when keys changed, here or in another process. */
  onChange(listener: () => void): () => void;
}

/** One change waiting for its sinks. */
export interface OutboxEntry {
  readonly seq: number;
  readonly change: FlagChange;
}

/** The audit log read as a queue: every sink has its own cursor and no entry is ever removed. */
export interface Outbox {
  readAfter(seq: number, limit: number): Promise<readonly OutboxEntry[]>;
  cursor(sink: string): Promise<number>;
  /** Moves a sink's cursor forward; a smaller `seq` than the stored one changes nothing. */
  advance(sink: string, seq: number): Promise<void>;
  deadLetter(sink: string, entry: OutboxEntry, reason: string): Promise<void>;
  /** What a sink could not take, oldest first. */
  deadLetters(sink: string): Promise<readonly { readonly seq: number; readonly reason: string }[]>;
  /** Takes or renews the right to feed a sink, so that several processes deliver once. */
  acquireLease(sink: string, owner: string, ttlMs: number): Promise<boolean>;
  onAppend(listener: () => void): () => void;
}

/** A versioned JSON document of the guard. */
export interface StoredDocument {
  readonly id: string;
  readonly version: number;
  readonly body: unknown;
}

/** Documents with compare-and-swap, logs beside them, and leases with fencing tokens. */
export interface DocumentStore {
  list(kind: string): Promise<readonly StoredDocument[]>;
  /** Writes if the stored version is `expectedVersion` (`null`: must not exist yet); answers the new version. */
  put(kind: string, id: string, body: unknown, expectedVersion: number | null): Promise<number | "conflict">;
  /** Adds to a log. With `keep`, only the newest `keep` entries stay; `seq` counts on, so what fell off can be told. */
  append(kind: string, id: string, body: unknown, keep?: number): Promise<void>;
  read(
    kind: string,
    id: string,
    after: number,
    limit: number,
  ): Promise<readonly { readonly seq: number; readonly body: unknown }[]>;
  /** A number that only grows with each new holder; `undefined` while somebody else holds the lease. */
  acquireLease(name: string, owner: string, ttlMs: number): Promise<number | undefined>;
}

/** What each control process sees connected, shared so that "applied everywhere" covers all of them. */
export interface PresenceStore {
  publish(process: string, set: string, body: unknown, ttlMs: number): Promise<void>;
  /** Bodies of the other, living processes. */
  others(process: string, set: string): Promise<readonly unknown[]>;
}

/** The port behind which a database stands. One suite (`test/control/store`) holds every implementation to it. */
export interface Store {
  readonly kind: "memory" | "sqlite" | "postgres";
  readonly rulesets: RulesetStore;
  readonly audit: AuditLog;
  readonly outbox: Outbox;
  readonly documents: DocumentStore;
  readonly keys: KeyStore;
  readonly presence: PresenceStore;
  /** 32 random bytes under a name, made on first request and kept for good. */
  secret(name: string): Promise<Uint8Array>;
  /** `true` for exactly one caller per name, in every process, until `ttlMs` has passed. */
  claimOnce(name: string, ttlMs: number): Promise<boolean>;
  /** Rejects when the store cannot answer or cannot write. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

/** Settings every store takes. */
export interface StoreOptions {
  /** Wall clock in milliseconds; for leases and claims. Default `Date.now`. */
  readonly now?: () => number;
}
