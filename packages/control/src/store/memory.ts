import { randomBytes } from "node:crypto";

import type { FlagChange } from "@flagspan/ruleset/change";

import { CHAIN_START, chainHash, createChainCheck } from "./chain.ts";
import { createListeners } from "./listeners.ts";
import type {
  AuditEntry,
  AuditLog,
  DocumentStore,
  KeyStore,
  Outbox,
  RulesetCommit,
  RulesetStore,
  Store,
  StoredDocument,
  StoredKey,
  StoreOptions,
} from "./store.ts";

interface Row extends AuditEntry {
  readonly text: string;
}

interface Step {
  readonly revision: number;
  readonly sha256: string;
  readonly at: string;
  readonly text: string | null;
  readonly patch: string | null;
}

/** Opens a store that forgets everything when the process ends: for tests, `flagspan dev` and the story. */
export function openMemoryStore(options: StoreOptions = {}): Promise<Store> {
  const now = options.now ?? Date.now;
  const rows: Row[] = [];
  const byId = new Map<string, Row>();
  const appended = createListeners<[]>();

  function appendRows(changes: readonly FlagChange[]): readonly AuditEntry[] {
    const added: Row[] = [];
    for (const change of changes) {
      if (byId.has(change.id)) continue;
      const text = JSON.stringify(change);
      const row: Row = {
        seq: rows.length + 1,
        change: JSON.parse(text) as FlagChange,
        text,
        hash: chainHash(rows.at(-1)?.hash ?? CHAIN_START, text),
      };
      rows.push(row);
      byId.set(change.id, row);
      added.push(row);
    }
    if (added.length > 0) appended.call();
    return added.map(toEntry);
  }

  const audit: AuditLog = {
    append: async (changes) => appendRows(changes),
    list: async ({ set, flag, after = 0, before = Infinity, limit, newest = false }) => {
      const found = rows.filter(
        (row) =>
          row.seq > after &&
          row.seq < before &&
          (set === undefined || row.change.flagSetId === set) &&
          (flag === undefined || row.change.flagKey === flag),
      );
      return (newest ? found.slice(-limit) : found.slice(0, limit)).map(toEntry);
    },
    find: async (id) => {
      const row = byId.get(id);
      return row === undefined ? undefined : toEntry(row);
    },
    killedFlags: async (set) => {
      const mine = rows.filter((row) => row.change.flagSetId === set);
      const killed = new Set(
        mine.filter((row) => row.change.action === "killed").map((row) => row.change.flagKey),
      );
      return mine.filter((row) => killed.has(row.change.flagKey)).map(toEntry);
    },
    verify: async () => {
      const check = createChainCheck();
      for (const row of rows) {
        const reason = check.next(row);
        if (reason !== undefined) return { ok: false, entries: rows.length, brokenAt: row.seq, reason };
      }
      return { ok: true, entries: check.entries, head: check.head };
    },
  };

  const leases = createLeases(now);
  const secrets = new Map<string, Uint8Array>();
  const claims = new Map<string, number>();
  const store: Store = {
    kind: "memory",
    rulesets: createRulesets(appendRows),
    audit,
    outbox: createOutbox(rows, appended.add, leases),
    documents: createDocuments(leases),
    keys: createKeys(),
    presence: { publish: async () => {}, others: async () => [] },
    secret: async (name) => {
      const known = secrets.get(name) ?? new Uint8Array(randomBytes(32));
      secrets.set(name, known);
      return known;
    },
    claimOnce: async (name, ttlMs) => claimIn(claims, name, now(), ttlMs),
    ping: async () => {},
    close: async () => {},
  };
  return Promise.resolve(store);
}

/** Takes a name for a while; entries that have run out make room. Bounded by how many names are claimed per `ttlMs`. */
export function claimIn(claims: Map<string, number>, name: string, nowMs: number, ttlMs: number): boolean {
  const until = claims.get(name);
  if (until !== undefined && until > nowMs) return false;
  for (const [other, otherUntil] of claims) {
    if (otherUntil > nowMs) break;
    claims.delete(other);
  }
  claims.delete(name);
  claims.set(name, nowMs + ttlMs);
  return true;
}

function toEntry(row: Row): AuditEntry {
  return { seq: row.seq, change: row.change, hash: row.hash };
}

function createRulesets(appendRows: (changes: readonly FlagChange[]) => readonly AuditEntry[]): RulesetStore {
  const sets = new Map<string, Step[]>();
  const committed = createListeners<[string]>();
  return {
    sets: async () => [...sets.keys()].sort(),
    head: async (set) => sets.get(set)?.length ?? 0,
    load: async (set, revision) => {
      const steps = sets.get(set) ?? [];
      const target = steps[(revision ?? steps.length) - 1];
      if (target === undefined) return undefined;
      let from = target.revision;
      while (steps[from - 1]?.text === null) from -= 1;
      const base = steps[from - 1]?.text;
      if (base === undefined || base === null) return undefined;
      const patches = steps.slice(from, target.revision).map((step) => step.patch ?? "");
      return { revision: target.revision, sha256: target.sha256, at: target.at, base, patches };
    },
    stepsAfter: async (set, revision) =>
      (sets.get(set) ?? [])
        .slice(revision)
        .map(({ revision, sha256, patch }) => ({ revision, sha256, patch })),
    commit: async (commit: RulesetCommit) => {
      const steps = sets.get(commit.set) ?? [];
      if (steps.length !== commit.expected) return { ok: false, code: "conflict", revision: steps.length };
      const { sha256, at, text, patch } = commit;
      steps.push({ revision: commit.expected + 1, sha256, at, text, patch });
      sets.set(commit.set, steps);
      const entries = appendRows(commit.changes);
      committed.call(commit.set);
      return { ok: true, revision: steps.length, entries };
    },
    onCommit: committed.add,
  };
}

type Leases = (name: string, owner: string, ttlMs: number) => number | undefined;

function createLeases(now: () => number): Leases {
  const leases = new Map<string, { owner: string; until: number; token: number }>();
  return (name, owner, ttlMs) => {
    const held = leases.get(name);
    if (held !== undefined && held.owner !== owner && held.until > now()) return undefined;
    const token = held === undefined ? 1 : held.owner === owner ? held.token : held.token + 1;
    leases.set(name, { owner, until: now() + ttlMs, token });
    return token;
  };
}

function createOutbox(
  rows: readonly Row[],
  onAppend: (listener: () => void) => () => void,
  leases: Leases,
): Outbox {
  const cursors = new Map<string, number>();
  const dead: { sink: string; seq: number; reason: string }[] = [];
  return {
    readAfter: async (seq, limit) => rows.slice(seq, seq + limit).map(toEntry),
    cursor: async (sink) => cursors.get(sink) ?? 0,
    advance: async (sink, seq) => {
      cursors.set(sink, Math.max(seq, cursors.get(sink) ?? 0));
    },
    deadLetter: async (sink, entry, reason) => {
      dead.push({ sink, seq: entry.seq, reason });
    },
    deadLetters: async (sink) =>
      dead.filter((letter) => letter.sink === sink).map(({ seq, reason }) => ({ seq, reason })),
    acquireLease: async (sink, owner, ttlMs) => leases(`sink:${sink}`, owner, ttlMs) !== undefined,
    onAppend,
  };
}

function createDocuments(leases: Leases): DocumentStore {
  const documents = new Map<string, Map<string, StoredDocument>>();
  const logs = new Map<string, { last: number; readonly texts: string[] }>();
  return {
    list: async (kind) =>
      [...(documents.get(kind)?.values() ?? [])].map((document) => structuredClone(document)),
    put: async (kind, id, body, expectedVersion) => {
      const ofKind = documents.get(kind) ?? new Map<string, StoredDocument>();
      documents.set(kind, ofKind);
      const known = ofKind.get(id)?.version ?? null;
      if (known !== expectedVersion) return "conflict";
      const version = (known ?? 0) + 1;
      ofKind.set(id, { id, version, body: structuredClone(body) });
      return version;
    },
    append: async (kind, id, body, keep = Infinity) => {
      const log = logs.get(`${kind}\n${id}`) ?? { last: 0, texts: [] };
      logs.set(`${kind}\n${id}`, log);
      log.last += 1;
      log.texts.push(JSON.stringify(body));
      while (log.texts.length > keep) log.texts.shift();
    },
    read: async (kind, id, after, limit) => {
      const { last, texts } = logs.get(`${kind}\n${id}`) ?? { last: 0, texts: [] };
      const gone = last - texts.length;
      return texts
        .map((text, index) => ({ seq: gone + index + 1, body: JSON.parse(text) as unknown }))
        .filter(({ seq }) => seq > after)
        .slice(0, limit);
    },
    acquireLease: async (name, owner, ttlMs) => leases(`lease:${name}`, owner, ttlMs),
  };
}

function createKeys(): KeyStore {
  const keys = new Map<string, StoredKey>();
  const changed = createListeners<[]>();
  return {
    add: async (key) => {
      keys.set(key.id, key);
      changed.call();
    },
    list: async () => [...keys.values()],
    revoke: async (id, at) => {
      const key = keys.get(id);
      if (key === undefined) return false;
      keys.set(id, { ...key, revokedAt: key.revokedAt ?? at });
      changed.call();
      return true;
    },
    onChange: changed.add,
  };
}
