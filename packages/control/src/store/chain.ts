import { createHash } from "node:crypto";

/** The hash before the first entry. */
export const CHAIN_START: string = "0".repeat(64);

/** Ties an entry to everything before it: a changed, moved or missing entry breaks every later hash. */
export function chainHash(previousHash: string, changeText: string): string {
  return createHash("sha256").update(previousHash).update("\n").update(changeText).digest("hex");
}

/** Walks entries in order and reports the first whose hash or number does not follow from the one before. */
export function createChainCheck(): {
  next(entry: { seq: number; text: string; hash: string }): string | undefined;
  readonly head: string;
  readonly entries: number;
} {
  let head = CHAIN_START;
  let entries = 0;
  return {
    next(entry) {
      if (entry.seq !== entries + 1) return `entry ${entries + 1} is missing: the next one is ${entry.seq}`;
      const expected = chainHash(head, entry.text);
      if (entry.hash !== expected) return `entry ${entry.seq} was altered: its text does not give its hash`;
      head = expected;
      entries += 1;
      return undefined;
    },
    get head() {
      return head;
    },
    get entries() {
      return entries;
    },
  };
}
