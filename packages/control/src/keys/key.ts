import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

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
  /** The holder of a token, or `undefined` for anything that is not a valid, unrevoked key. */
  authenticate(token: string): Promise<Principal | undefined>;
  close(): void;
}

/** Reads keys once and again after every change, so that a revoked key stops working at once. */
export function createKeyring(store: Store): Keyring {
  let keys: Promise<ReadonlyMap<string, StoredKey>> | undefined;
  const stop = store.keys.onChange(() => {
    keys = undefined;
  });
  const read = async (): Promise<ReadonlyMap<string, StoredKey>> =>
    new Map((await store.keys.list()).map((key) => [key.id, key]));
  return {
    async authenticate(token) {
      const match = /^fs_([0-9a-f]{16})\.([A-Za-z0-9_-]{43})$/.exec(token);
      if (match === null) return undefined;
      const reading = (keys ??= read());
      const known = await reading.catch(() => {
        if (keys === reading) keys = undefined;
        return undefined;
      });
      const key = known?.get(match[1] ?? "");
      const given = hashSecret(match[2] ?? "");
      const stored = Buffer.from(key?.secretSha256 ?? "0".repeat(64), "hex");
      if (!timingSafeEqual(given, stored) || key === undefined || key.revokedAt !== undefined)
        return undefined;
      return toPrincipal(key);
    },
    close: stop,
  };
}

const principals = new WeakMap<StoredKey, Principal>();

function toPrincipal(key: StoredKey): Principal {
  const known = principals.get(key);
  if (known !== undefined) return known;
  const principal: Principal = {
    keyId: key.id,
    scopes: new Set(key.scopes),
    sets: key.sets.includes("*") ? "*" : new Set(key.sets),
    actor: { id: key.name, type: key.actorType },
  };
  principals.set(key, principal);
  return principal;
}

function hashSecret(secret: string): Buffer {
  return createHash("sha256").update(secret).digest();
}
