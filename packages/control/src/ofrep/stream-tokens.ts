import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";

import type { Store } from "../store/store.ts";

/** What a stream token stands for. */
export interface StreamGrant {
  readonly id: string;
  readonly set: string;
  /** The unit whose flags the page shows, so that its fetches count for its stream. */
  readonly instance: string;
}

/** Tickets for `GET /ofrep/v1/stream`: a browser's EventSource sends no header, so the URL must carry the right. */
export interface StreamTokens {
  /** A new ticket, good for one connection within sixty seconds. */
  issue(set: string, instance: string): Promise<StreamGrant & { readonly token: string }>;
  /** Takes a ticket. The second one who shows it gets nothing, in any process. */
  redeem(token: string): Promise<StreamGrant | undefined>;
  /** Notes that the stream opened with this ticket has ended. */
  spent(id: string): void;
  /** Whether the holder of this ticket needs a new one before it can listen again. */
  isUsedUp(id: string): boolean;
}

const LIFE_MS = 60_000;
/** Tickets known to be used up. A forgotten one is learnt anew when its holder tries it. */
const REMEMBERED = 20_000;

/** Creates the ticket office. Tickets are signed, so every process over one store honours them. */
export function createStreamTokens(store: Store, now: () => number): StreamTokens {
  let secret: Promise<Uint8Array> | undefined;
  const usedUp = new Set<string>();

  async function sign(payload: string): Promise<Buffer> {
    const reading = (secret ??= store.secret("stream-tokens"));
    const key = await reading.catch((error: unknown) => {
      if (secret === reading) secret = undefined;
      throw error;
    });
    return createHmac("sha256", key).update(payload).digest();
  }

  function remember(id: string): void {
    if (usedUp.size >= REMEMBERED) {
      const oldest = usedUp.keys().next();
      if (!oldest.done) usedUp.delete(oldest.value);
    }
    usedUp.add(id);
  }

  async function read(token: string): Promise<(StreamGrant & { readonly until: number }) | undefined> {
    const [payload, signature, ...rest] = token.split(".");
    if (payload === undefined || signature === undefined || rest.length > 0) return undefined;
    const given = Buffer.from(signature, "base64url");
    const expected = await sign(payload);
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
    const [id, until, set, instance] = JSON.parse(Buffer.from(payload, "base64url").toString()) as [
      string,
      number,
      string,
      string,
    ];
    return { id, until, set, instance };
  }

  return {
    async issue(set, instance) {
      const id = randomBytes(9).toString("base64url");
      const payload = Buffer.from(JSON.stringify([id, now() + LIFE_MS, set, instance])).toString("base64url");
      return { id, set, instance, token: `${payload}.${(await sign(payload)).toString("base64url")}` };
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
