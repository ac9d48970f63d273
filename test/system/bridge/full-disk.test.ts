import { execFileSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createBridge, otlpSink, type Clock, type SinkStatus } from "@flagspan/bridge";
import { decodeLogs } from "@flagspan/bridge/otlp";
import { openSqliteStore, type Store } from "@flagspan/control";
import { afterEach, expect, test } from "vitest";
import { createChange, createChanges } from "../../bridge/changes.ts";
import { startReceiver } from "../../bridge/receiver.ts";
import { until } from "../../bridge/until.ts";

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

/** A disk of its own: a tmpfs of two megabytes, which takes root to mount. */
function mountSmallDisk(): string {
  const folder = mkdtempSync(join(tmpdir(), "flagspan-disk-"));
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=2m", "tmpfs", folder]);
  ends.push(() => {
    execFileSync("umount", ["-l", folder]);
    rmSync(folder, { recursive: true });
  });
  return folder;
}

/** Writes until nothing fits any more; returns how to free it. */
function fill(folder: string): () => void {
  const path = join(folder, "filler");
  const file = openSync(path, "w");
  for (const size of [65_536, 4096, 1]) {
    try {
      for (;;) writeSync(file, Buffer.alloc(size));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
    }
  }
  closeSync(file);
  return () => rmSync(path);
}

/** The machine's clock, ten times as fast: a minute takes six seconds. */
const fastClock: Clock = {
  now: () => Date.now() * 10,
  sleep: (durationMs, signal) =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, durationMs / 10);
      signal.addEventListener("abort", () => {
        clearTimeout(timer);
        resolve();
      });
    }),
};

test("a disk that is really full for a minute loses no change, and the flags' order is kept", async () => {
  const folder = mountSmallDisk();
  const store: Store = await openSqliteStore({ path: join(folder, "control.db") });
  ends.unshift(() => store.close());
  await store.audit.append(createChanges(300, 6));
  const receiver = await startReceiver();
  ends.unshift(() => receiver.close());
  const bridge = createBridge({
    outbox: store.outbox,
    documents: store.documents,
    clock: fastClock,
    sinks: [otlpSink({ endpoint: receiver.url, signals: ["logs"], batchSize: 10 })],
  });
  ends.unshift(() => bridge.stop());

  const free = fill(folder);
  await expect(store.audit.append([createChange({ id: "too-late" })])).rejects.toThrow();
  const fullUntilMs = fastClock.now() + 60_000;
  bridge.start();
  const status = (): SinkStatus => bridge.status()[0];
  await until("the bridge to notice", () => status().lastProblem?.startsWith("the outbox failed") === true);
  await until("a minute to pass", () => fastClock.now() >= fullUntilMs);
  expect(status().cursor).toBeLessThan(300);
  free();
  await until("everything to arrive", async () => (await store.outbox.cursor("otlp")) === 300);

  const records = receiver.requests.flatMap(({ body }) => {
    const decoded = decodeLogs(new TextEncoder().encode(body), "application/json");
    return decoded.ok ? decoded.records : [];
  });
  const seen = new Map<string, string | undefined>();
  const latest = new Map<string, number>();
  for (const { attributes, spanId } of records) {
    const id = String(attributes["feature_flag.change.id"]);
    expect(seen.get(id) ?? spanId).toBe(spanId);
    if (seen.has(id)) continue;
    const flag = String(attributes["feature_flag.key"]);
    const revision = Number(attributes["feature_flag.version"]);
    expect(revision).toBeGreaterThan(latest.get(flag) ?? 0);
    latest.set(flag, revision);
    seen.set(id, spanId);
  }
  expect(seen.size).toBe(300);
  expect(status().deadLettered).toBe(0);
});
