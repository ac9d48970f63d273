import { hash, randomBytes, timingSafeEqual } from "node:crypto";

import type { Actor } from "../changes/actor.ts";
import type { Scope, Store, StoredKey } from "../store/store.ts";

/** What a new key is to be allowed. */
export interface KeyRequest {
  /** Who or what uses it; the audit log shows it as the actor. */
  readonly name: string;
  readonly scopes: readonly Scope[];
  /** Flag sets by name, or `*`. */
  readonly sets: readonly string[];
  readonly actorType: "user" | "api" | "automation";
}

/** Makes a key. The token is shown here and never again: the store has only the SHA-256 of its secret. */
export async function createKey(store: Store, request: KeyRequest): Promise<{ id: string; token: string }> {
  const id = randomBytes(8).toString("hex");
  const secret = randomBytes(32).toString("base64url");
  await store.keys.add({
    id,
    name: request.name,
    secretSha256: hashSecret(secret).toString("hex"),
    scopes: [...request.scopes],
    sets: [...request.sets],
    actorType: request.actorType,
    createdAt: new Date().toISOString(),
  });
  return { id, token: `fs_${id}.${secret}` };
}

/** Who is asking, and what for he may ask. */
export interface Principal {
  readonly keyId: string;
  readonly scopes: ReadonlySet<Scope>;
  /** `"*"` or the sets by name. */
  readonly sets: "*" | ReadonlySet<string>;
  readonly actor: Actor;
}

/** Whether the principal holds one of the scopes. */
export function hasScope(principal: Principal, scopes: readonly Scope[]): boolean {
  return scopes.some((scope) => principal.scopes.has(scope));
}

/** Whether the principal's key reaches this set. */
export function reachesSet(principal: Principal, set: string): boolean {
  return principal.sets === "*" || principal.sets.has(set);
}

/** The keys of a store in memory. */
export interface Keyring {
  /**
   * The holder of a token, or `undefined` for anything that is not a valid, unrevoked key. Rejects where the keys
   * changed and cannot be read: nobody can tell then who is who, and "unauthorized" would be a lie.
   */
  authenticate(token: string): Principal | undefined | Promise<Principal | undefined>;
  close(): void;
}

/** Reads keys once and again after every change, so that a revoked key stops working at once. */
export function createKeyring(store: Store): Keyring {
  let keys: ReadonlyMap<string, KnownKey> | undefined;
  let reading: Promise<ReadonlyMap<string, KnownKey>> | undefined;
  const stop = store.keys.onChange(() => {
    keys = undefined;
    reading = undefined;
  });
  async function read(): Promise<ReadonlyMap<string, KnownKey>> {
    const listed = await store.keys.list();
    return new Map(listed.map((key) => [key.id, toKnown(key)]));
  }
  /** One reading at a time; what a change made out of date while it was read is not kept. */
  async function current(): Promise<ReadonlyMap<string, KnownKey>> {
    const mine = (reading ??= read());
    try {
      const known = await mine;
      if (reading === mine) keys = known;
      return known;
    } finally {
      if (reading === mine) reading = undefined;
    }
  }
  return {
    authenticate(token) {
      const match = /^fs_([0-9a-f]{16})\.([A-Za-z0-9_-]{43})$/.exec(token);
      if (match === null) return undefined;
      const [, id = "", secret = ""] = match;
      return keys === undefined
        ? current().then((known) => verify(known.get(id), secret))
        : verify(keys.get(id), secret);
    },
    close: stop,
  };
}

interface KnownKey {
  readonly secretSha256: Buffer;
  /** Absent for a revoked key. */
  readonly principal: Principal | undefined;
}

/** What a secret is compared with where there is no such key, so that both cases take as long. */
const NO_SECRET = Buffer.alloc(32);

function toKnown(key: StoredKey): KnownKey {
  const principal: Principal = {
    keyId: key.id,
    scopes: new Set(key.scopes),
    sets: key.sets.includes("*") ? "*" : new Set(key.sets),
    actor: { id: key.name, type: key.actorType },
  };
  const secretSha256 = Buffer.from(key.secretSha256, "hex");
  const usable = key.revokedAt === undefined && secretSha256.length === NO_SECRET.length;
  return usable ? { secretSha256, principal } : { secretSha256: NO_SECRET, principal: undefined };
}

function verify(key: KnownKey | undefined, secret: string): Principal | undefined {
  const same = timingSafeEqual(hashSecret(secret), key?.secretSha256 ?? NO_SECRET);
  return same ? key?.principal : undefined;
}

function hashSecret(secret: string): Buffer {
  return hash("sha256", secret, "buffer");
}
