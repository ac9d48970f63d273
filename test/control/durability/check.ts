import { createControl, openSqliteStore } from "@flagspan/control";
import { expect } from "vitest";

/** What the writer had printed when it ended. */
export interface WriterReport {
  readonly acknowledged: readonly { readonly revision: number; readonly changeId: string }[];
  readonly refused: number;
  readonly done: boolean;
}

/** Reads the writer's output. */
export function readReport(stdout: string): WriterReport {
  const acknowledged = [...stdout.matchAll(/^ack (\d+) (\S+)$/gm)].map(([, revision, changeId]) => ({
    revision: Number(revision),
    changeId: changeId ?? "",
  }));
  const refused = [...stdout.matchAll(/^refused /gm)].length;
  return { acknowledged, refused, done: /^done$/m.test(stdout) };
}

/**
 * Opens what the writer left and holds it to the law: nothing acknowledged is lost, nothing is half there. At most
 * one write more than was acknowledged may be in: the one whose answer the kill swallowed. `before` is the revision
 * the writer started from.
 */
export async function expectNothingLost(path: string, report: WriterReport, before = 0): Promise<void> {
  const store = await openSqliteStore({ path });
  try {
    const last = report.acknowledged.at(-1)?.revision ?? before;
    const head = await store.rulesets.head("shop.prod");
    expect(head).toBeGreaterThanOrEqual(last);
    expect(head).toBeLessThanOrEqual(last + 1);
    const outbox = await store.outbox.readAfter(0, 10_000);
    const ids = new Set(outbox.map((entry) => entry.change.id));
    for (const { changeId } of report.acknowledged) expect(ids).toContain(changeId);
    expect(outbox).toHaveLength(head);
    expect(await store.audit.verify()).toMatchObject({ ok: true, entries: head });
    const control = createControl({ store });
    for (let revision = 1; revision <= head; revision += 1) {
      expect(await control.library.text("shop.prod", revision)).toBeDefined();
    }
    await control.close();
  } finally {
    await store.close();
  }
}
