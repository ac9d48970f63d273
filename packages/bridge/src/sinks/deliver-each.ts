import type { Outcome } from "./sink.ts";

/** Flags that are told at the same time; changes of one flag always wait for each other. */
const concurrency = 6;

/** A change or a notification. */
interface OfFlag {
  readonly flagSetId: string;
  readonly flagKey: string;
}

/**
 * Delivers changes or notifications one request each, for sinks whose backend takes no batches: flags in parallel, the changes of a flag in order. After a
 * change that must be retried, the later ones of its flag are not sent.
 */
export async function deliverEach<Told extends OfFlag>(
  changes: readonly Told[],
  send: (change: Told) => Promise<Outcome>,
): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = changes.map(() => ({ kind: "retry", reason: "an earlier change waits" }));
  const byFlag = new Map<string, number[]>();
  for (const [index, change] of changes.entries()) {
    const key = JSON.stringify([change.flagSetId, change.flagKey]);
    const indices = byFlag.get(key);
    if (indices === undefined) byFlag.set(key, [index]);
    else indices.push(index);
  }
  const waiting = byFlag.values();
  const lane = async (): Promise<void> => {
    for (const indices of waiting) {
      for (const index of indices) {
        const outcome = await attempt(send, changes[index] as Told);
        outcomes[index] = outcome;
        if (outcome.kind === "retry") break;
      }
    }
  };
  await Promise.all(Array.from({ length: concurrency }, lane));
  return outcomes;
}

async function attempt<Told>(send: (change: Told) => Promise<Outcome>, change: Told): Promise<Outcome> {
  try {
    return await send(change);
  } catch (error) {
    return { kind: "retry", reason: error instanceof Error ? error.message : String(error) };
  }
}
