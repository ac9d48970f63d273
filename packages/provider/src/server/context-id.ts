import { createHmac } from "node:crypto";

/** Names the unit behind a targeting key without telling who it is: HMAC-SHA-256, first 96 bits, base64url (DESIGN §4.6). */
export interface ContextIds {
  of(targetingKey: string): string;
}

const cacheSize = 10_000;

/**
 * Creates the namer of one set. Names are cached in two generations: when the young one is full it becomes the old one,
 * so that what is in use stays and memory is bounded, at the price of a Map lookup.
 */
export function createContextIds(unitSecret: Uint8Array): ContextIds {
  let young = new Map<string, string>();
  let old = new Map<string, string>();

  function remember(targetingKey: string, id: string): string {
    if (young.size >= cacheSize / 2) {
      old = young;
      young = new Map();
    }
    young.set(targetingKey, id);
    return id;
  }

  return {
    of: (targetingKey) =>
      young.get(targetingKey) ??
      remember(
        targetingKey,
        old.get(targetingKey) ??
          createHmac("sha256", unitSecret)
            .update(targetingKey)
            .digest()
            .subarray(0, 12)
            .toString("base64url"),
      ),
  };
}
