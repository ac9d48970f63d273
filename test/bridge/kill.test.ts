import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decodeLogs, decodeTraces } from "@flagspan/bridge/otlp";
import { openSqliteStore } from "@flagspan/control";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createChanges } from "./changes.ts";
import { startReceiver, type ReceivedRequest } from "./receiver.ts";
import { until } from "./until.ts";

const program = new URL("bridge-process.mjs", import.meta.url).pathname;
const total = 240;
let folder = "";
const children: ChildProcess[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "flagspan-kill-"));
});
afterAll(async () => {
  for (const child of children) child.kill("SIGKILL");
  await rm(folder, { recursive: true, force: true });
});

test("a bridge killed ten times between request and answer loses nothing, and its duplicates are the same record", async () => {
  const path = join(folder, "control.db");
  const store = await openSqliteStore({ path });
  await store.audit.append(createChanges(total, 6));
  await store.close();

  // Each life ends while an answer is under way: the receiver has taken the batch, the bridge has not heard of it.
  let lives = 0;
  let victim: ChildProcess | undefined;
  const receiver = await startReceiver((request) => {
    const due = receiver.requests.filter(({ path }) => path === "/v1/logs").length % 3 === 0;
    if (victim !== undefined && lives <= 10 && request.path === "/v1/logs" && due) {
      const { pid } = victim;
      victim = undefined;
      if (pid !== undefined) process.kill(pid, "SIGKILL");
    }
    return { status: 200, body: "{}" };
  });
  for (lives = 1; lives <= 10; lives += 1) {
    const child = spawn(process.execPath, [program, path, receiver.url], { stdio: "inherit" });
    children.push(child);
    victim = child;
    const [, signal] = (await once(child, "exit")) as [number | null, string | null];
    expect(signal).toBe("SIGKILL");
  }
  const last = spawn(process.execPath, [program, path, receiver.url], { stdio: "inherit" });
  children.push(last);
  const records = (): readonly {
    id: string;
    flag: string;
    revision: number;
    traceId: string | undefined;
    spanId: string | undefined;
  }[] => receiver.requests.filter(({ path }) => path === "/v1/logs").flatMap(readRecords);
  await until("everything to arrive", () => new Set(records().map(({ id }) => id)).size === total);
  last.kill("SIGKILL");
  await once(last, "exit");
  await receiver.close();

  const seen = new Map<string, string>();
  const latest = new Map<string, number>();
  for (const { id, flag, revision, traceId, spanId } of records()) {
    const trace = `${traceId ?? ""}/${spanId ?? ""}`;
    expect(seen.get(id) ?? trace).toBe(trace);
    const isInOrder = seen.has(id) || revision > (latest.get(flag) ?? 0);
    expect(isInOrder).toBe(true);
    if (!seen.has(id)) latest.set(flag, revision);
    seen.set(id, trace);
  }
  expect(seen.size).toBe(total);
  expect(records().length).toBeGreaterThan(total);
  const spans = receiver.requests
    .filter(({ path }) => path === "/v1/traces")
    .flatMap((request) => {
      const decoded = decodeTraces(new TextEncoder().encode(request.body), "application/json");
      return decoded.ok ? decoded.records : [];
    });
  expect(
    spans.every(
      (span) =>
        seen.get(String(span.attributes["feature_flag.change.id"])) === `${span.traceId}/${span.spanId}`,
    ),
  ).toBe(true);
});

function readRecords(request: ReceivedRequest) {
  const decoded = decodeLogs(new TextEncoder().encode(request.body), "application/json");
  return (decoded.ok ? decoded.records : []).map(({ attributes, traceId, spanId }) => ({
    id: String(attributes["feature_flag.change.id"]),
    flag: String(attributes["feature_flag.key"]),
    revision: Number(attributes["feature_flag.version"]),
    traceId,
    spanId,
  }));
}
