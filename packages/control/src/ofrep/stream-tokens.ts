import { createHmac, createSecretKey, randomBytes, timingSafeEqual } from "node:crypto";
import type { KeyObject } from "node:crypto";

import type { Store } from "../store/store.ts";

/** What a stream token stands for. */
export interface StreamGrant {
  readonly id: string;
  readonly set: string;
  /** The unit whose flags the page shows, so that its fetches count for its stream. */
  readonly instance: string;
}

/** A ticket as it goes into an answer. */
export interface IssuedToken {
  readonly id: string;
  readonly token: string;
}

/** Tickets for `GET /ofrep/v1/stream`: a browser's EventSource sends no header, so the URL must carry the right. */
export interface StreamTokens {
  /** A new ticket, good for one connection within sixty seconds. */
  issue(set: string, instance: string): IssuedToken | Promise<IssuedToken>;
  /** Takes a ticket. The second one who shows it gets nothing, in any process. */
  redeem(token: string): Promise<StreamGrant | undefined>;
  /** Notes that the stream opened with this ticket has ended. */
  spent(id: string): void;
  /** Whether the holder of this ticket needs a new one before it can listen again. */
  isUsedUp(id: string): boolean;
}

const LIFE_MS = 60_000;
/** Goes into a URL as it is, and occurs neither in a set's name nor in base64url. */
const SEPARATOR = "~";
/** Tickets known to be used up. A forgotten one is learnt anew when its holder tries it. */
const REMEMBERED = 20_000;

const ID_BYTES = 9;
/** Random bytes are drawn for this many ids at once: each call to the system costs as much as a signature. */
const IDS_DRAWN = 128;

function createIds(): () => string {
  let drawn = Buffer.alloc(0);
  let used = 0;
  return () => {
    if (used === drawn.length) {
      drawn = randomBytes(ID_BYTES * IDS_DRAWN);
      used = 0;
    }
    used += ID_BYTES;
    return drawn.toString("base64url", used - ID_BYTES, used);
  };
}

function sign(key: KeyObject, payload: string): Buffer {
  return createHmac("sha256", key).update(payload).digest();
}

/** Creates the ticket office. Tickets are signed, so every process over one store honours them. */
export function createStreamTokens(store: Store, now: () => number): StreamTokens {
  let secret: KeyObject | undefined;
  const usedUp = new Set<string>();
  const nextId = createIds();

  /** Kept for good, as the store keeps it. */
  async function readSecret(): Promise<KeyObject> {
    return (secret ??= createSecretKey(await store.secret("stream-tokens")));
  }

  function remember(id: string): void {
    if (usedUp.size >= REMEMBERED) {
      const oldest = usedUp.keys().next();
      if (!oldest.done) usedUp.delete(oldest.value);
    }
    usedUp.add(id);
  }

  async function read(token: string): Promise<(StreamGrant & { readonly until: number }) | undefined> {
    const [id, until, set, instance, signature, ...rest] = token.split(SEPARATOR);
    if (id === undefined || until === undefined || set === undefined) return undefined;
    if (instance === undefined || signature === undefined || rest.length > 0) return undefined;
    const given = Buffer.from(signature, "base64url");
    const expected = sign(secret ?? (await readSecret()), [id, until, set, instance].join(SEPARATOR));
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
    return { id, until: Number.parseInt(until, 36), set, instance };
  }

  return {
    issue(set, instance) {
      const id = nextId();
      const payload = `${id}~${Math.floor(now() + LIFE_MS).toString(36)}~${set}~${instance}`;
      const finish = (key: KeyObject): IssuedToken => ({
        id,
        token: `${payload}~${sign(key, payload).toString("base64url")}`,
      });
      return secret === undefined ? readSecret().then(finish) : finish(secret);
    },
    async redeem(token) {
      const grant = await read(token);
      if (grant === undefined) return undefined;
      const fresh = grant.until > now() && (await store.claimOnce(`stream-token:${grant.id}`, LIFE_MS));
      if (fresh) return grant;
      remember(grant.id);
      return undefined;
    },
    spent: remember,
    isUsedUp: (id) => usedUp.has(id),
  };
}
