import type { Documents } from "../outbox/documents.ts";

/** What a vendor's file remembers between deliveries, by key. */
export interface WebhookMemory {
  /**
   * Hands what is kept under a key (nothing, at first) to `step` and keeps what that says; resolves to its result once that is kept. `step`
   * may be called more than once, where another process was faster, so it must only compute.
   */
  update<Result>(key: string, step: (kept: unknown) => MemoryStep<Result>): Promise<Result>;
}

/** What to keep and what to say. */
export interface MemoryStep<Result> {
  readonly keep: unknown;
  readonly result: Result;
}

const kind = "webhook-memory";
const mostKeys = 100;
const tries = 10;

/** Creates a memory in documents: it outlives the process, and several processes share it. */
export function createDocumentMemory(documents: Documents): WebhookMemory {
  return {
    async update(key, step) {
      for (let attempt = 0; attempt < tries; attempt += 1) {
        const known = (await documents.list(kind)).find(({ id }) => id === key);
        const { keep, result } = step(known?.body);
        const written = await documents.put(kind, key, keep, known?.version ?? null);
        if (written !== "conflict") return result;
      }
      throw new Error("the webhook memory is written by too many at once; the sender has to try again.");
    },
  };
}

/** Creates a memory that ends with the process, of at most a hundred keys. */
export function createProcessMemory(): WebhookMemory {
  const kept = new Map<string, unknown>();
  return {
    async update(key, step) {
      const { keep, result } = step(kept.get(key));
      if (kept.has(key) || kept.size < mostKeys) kept.set(key, keep);
      return result;
    },
  };
}
