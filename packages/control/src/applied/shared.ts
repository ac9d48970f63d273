import type { Store } from "../store/store.ts";
import { reportApplied } from "./ledger.ts";
import type { AppliedLedger, AppliedReport, LedgerExcerpt } from "./ledger.ts";

/** How long what a process said about its streams counts without being repeated. */
const TTL_MS = 15_000;
const REPEAT_MS = 1000;

/** The ledgers of all control processes over one store. */
export interface SharedLedger {
  report(set: string, revision: number): Promise<AppliedReport>;
  close(): void;
}

/** Publishes this process's ledger where there may be others; a store that is alone has none to tell. */
export function shareLedger(options: {
  readonly ledger: AppliedLedger;
  readonly store: Store;
  readonly process: string;
}): SharedLedger {
  const { ledger, store, process } = options;
  const published = new Map<string, { text: string; atMs: number }>();

  async function publish(): Promise<void> {
    for (const set of ledger.sets()) {
      const excerpt = ledger.excerpt(set);
      const text = JSON.stringify(excerpt);
      const last = published.get(set);
      const nowMs = performance.now();
      if (last !== undefined && last.text === text && nowMs - last.atMs < TTL_MS / 3) continue;
      await store.presence.publish(process, set, excerpt, TTL_MS);
      published.set(set, { text, atMs: nowMs });
    }
  }

  let running = false;
  const timer =
    store.kind === "postgres"
      ? setInterval(() => {
          if (running) return;
          running = true;
          publish().then(
            () => (running = false),
            // The next turn tells it again; until then the others count this process by what it said last.
            () => (running = false),
          );
        }, REPEAT_MS)
      : undefined;
  timer?.unref();

  return {
    async report(set, revision) {
      const others = (await store.presence.others(process, set)) as readonly LedgerExcerpt[];
      return reportApplied(revision, [ledger.excerpt(set), ...others]);
    },
    close: () => clearInterval(timer),
  };
}
