import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { MIN_PAIRS, quantile, rowOfPairs, rowOfSamples, takePairs } from "../measure.ts";
import type { Bench, BenchRow } from "../measure.ts";
import { startChild } from "./child.ts";
import type { Child } from "./child.ts";
import { sendRequests } from "./load.ts";

interface Server extends Child {
  readonly url: string;
  readonly key: string;
}

interface Used {
  readonly rss: number;
  readonly cpuSeconds: number;
  readonly streams: { readonly clients: number };
}

interface SwarmState {
  readonly open: number;
  readonly received: readonly number[];
  readonly seconds: number;
}

const MIB = 2 ** 20;
const FREE_DESCRIPTORS = 500;
const SETTLE_MS = 500;
/** The goal for fan-out is set for this many streams; more of them are only to be held. */
const FAN_OUT_GOAL_CLIENTS = 10_000;

/** Sync, from control to those who listen. The peer of each row is the goal, as a figure; the unit says which. */
export const run: Bench["run"] = async function* ({ smoke }) {
  const descriptors = readDescriptorLimit();
  process.stderr.write(`sync: ulimit -n is ${descriptors}\n`);
  yield* measureToggle(
    smoke ? { processes: 2, each: 4, toggles: 3 } : { processes: 8, each: 63, toggles: 40 },
  );
  yield* measureWrites(smoke ? 20 : 500);
  yield* measureRequests(smoke ? 60 : 400, smoke ? 2 : MIN_PAIRS);
  const wanted = smoke ? [200] : [10_000, 15_000];
  for (const clients of wanted) {
    const held = Math.min(clients, descriptors - FREE_DESCRIPTORS);
    if (held < clients)
      process.stderr.write(`sync: ${clients} streams scaled down to ${held} by ulimit -n\n`);
    yield* measureSwarm(held, smoke ? 3 : 20);
  }
  yield* measureReconnect(Math.min(smoke ? 200 : 10_000, descriptors - FREE_DESCRIPTORS));
};

async function startServer(place: string, flags: number, port = 0): Promise<Server> {
  const child = startChild("server/run.js", [place, String(flags), String(port)]);
  const { url, key } = (await child.next()) as { url: string; key: string };
  return { ...child, url, key };
}

function row(
  name: string,
  unit: string,
  samples: readonly number[],
  goal: number,
  direction: "at most" | "at least" = "at most",
): BenchRow {
  return rowOfSamples(
    { bench: "sync", case: name, peerName: "goal", unit, goal: 1, direction },
    samples,
    goal,
  );
}

const nowMicros = (): number => Number(process.hrtime.bigint() / 1000n);

async function writeFlag(server: Server, key: string, flag: object): Promise<void> {
  const response = await fetch(new URL(`/v1/flags/shop.prod/${key}`, server.url), {
    method: "PUT",
    headers: { authorization: `Bearer ${server.key}`, "content-type": "application/json" },
    body: JSON.stringify({ flag, reason: "bench" }),
  });
  await response.arrayBuffer();
  if (!response.ok) throw new Error(`the write was answered with ${response.status}`);
}

const textFlag = (text: string): object => ({
  state: "ENABLED",
  variants: { it: text },
  defaultVariant: "it",
});

async function* measureToggle(size: {
  processes: number;
  each: number;
  toggles: number;
}): AsyncGenerator<BenchRow> {
  const directory = mkdtempSync(join(tmpdir(), "flagspan-bench-"));
  const server = await startServer(join(directory, "control.db"), 100);
  await writeFlag(server, "toggled", textFlag("start"));
  const children = Array.from({ length: size.processes }, () =>
    startChild("providers/run.js", [server.url, server.key, String(size.each)]),
  );
  for (const child of children) await child.next();
  const delays: number[] = [];
  for (let toggle = 0; toggle < size.toggles; toggle += 1) {
    const marker = `toggle-${toggle}`;
    // People toggle now and then; the acknowledgements of the last one are not part of this one.
    await pause(SETTLE_MS);
    for (const child of children) await child.ask(marker);
    const sent = nowMicros();
    await writeFlag(server, "toggled", textFlag(marker));
    for (const child of children) {
      const { seen } = (await child.next()) as { seen: readonly number[] };
      delays.push(...seen.map((at) => (at - sent) / 1000));
    }
  }
  for (const child of [...children, server]) await child.kill();
  rmSync(directory, { recursive: true, force: true });
  const name = `toggle → evaluated, ${size.processes * size.each} providers in ${size.processes} processes, SQLite`;
  yield row(`${name}, p50`, "ms", [quantile(delays, 0.5)], 50);
  yield row(`${name}, p99`, "ms", [quantile(delays, 0.99)], 200);
  yield row(`${name}, max`, "ms", [Math.max(...delays)], 1000);
}

async function* measureWrites(writes: number): AsyncGenerator<BenchRow> {
  const directory = mkdtempSync(join(tmpdir(), "flagspan-bench-"));
  const server = await startServer(join(directory, "control.db"), 100);
  const delays: number[] = [];
  for (let index = 0; index < writes; index += 1) {
    const startedMs = performance.now();
    await writeFlag(server, "written", textFlag(`write ${index}`));
    delays.push(performance.now() - startedMs);
  }
  await server.kill();
  rmSync(directory, { recursive: true, force: true });
  yield row("write acknowledged after fsync, SQLite, p50", "ms", [quantile(delays, 0.5)], 15);
  yield row("write acknowledged after fsync, SQLite, p99", "ms", [quantile(delays, 0.99)], 50);
}

/** Different users ask, so that no cache of whole answers could make the figure. */
const USERS = 500;

async function* measureRequests(durationMs: number, pairs: number): AsyncGenerator<BenchRow> {
  const server = await startServer("memory", 100);
  const head = `host: bench\r\nauthorization: Bearer ${server.key}\r\n`;
  const bulk = Array.from({ length: USERS }, (_, user) => {
    const context = { targetingKey: `user-${user}`, plan: user % 3 === 0 ? "pro" : "free" };
    const body = JSON.stringify({ context });
    return `POST /ofrep/v1/evaluate/flags HTTP/1.1\r\n${head}content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
  });
  const whole = await fetch(new URL("/v1/rulesets/shop.prod", server.url), {
    headers: { authorization: `Bearer ${server.key}` },
  });
  const etag = whole.headers.get("etag") ?? "";
  await whole.arrayBuffer();
  const conditional = [`GET /v1/rulesets/shop.prod HTTP/1.1\r\n${head}if-none-match: ${etag}\r\n\r\n`];
  for (const [name, requests, goal] of [
    ["OFREP bulk of 100 flags", bulk, 8000],
    ["ruleset 304", conditional, 15_000],
  ] as const) {
    const floor = await startFloor(server.url, requests[0] ?? "");
    const measure = async (child: Server | Floor): Promise<number> => {
      const before = (await child.ask()) as unknown as Used;
      const answered = await sendRequests(child.url, requests, performance.now() + durationMs, 8);
      const after = (await child.ask()) as unknown as Used;
      return answered / (after.cpuSeconds - before.cpuSeconds);
    };
    for (const child of [server, floor])
      await sendRequests(child.url, requests, performance.now() + durationMs * 2, 8);
    const measured = await takePairs(
      () => measure(server),
      () => measure(floor),
      pairs,
    );
    await floor.kill();
    const unit = "requests per server CPU-second";
    const ours = measured.map((pair) => pair.ours);
    yield row(name, unit, ours, goal, "at least");
    yield rowOfPairs(
      { bench: "sync", case: name, peerName: FLOOR, unit, goal: FLOOR_SHARE, direction: "at least" },
      measured,
    );
  }
  await server.kill();
}

const FLOOR = "bare node:http sending the same bytes";
/** The whole way through control, key and evaluation and all, is to do at least this share of what bare node does. */
const FLOOR_SHARE = 0.5;

interface Floor extends Child {
  readonly url: string;
}

/** Starts the peer with the answer control gives to this request. */
async function startFloor(url: string, request: string): Promise<Floor> {
  const [head = "", body = ""] = request.split("\r\n\r\n");
  const [line = "", ...fields] = head.split("\r\n");
  const [method = "", path = ""] = line.split(" ");
  const sent = fields.map((field) => field.split(": ") as [string, string]);
  const response = await fetch(new URL(path, url), {
    method,
    headers: sent.filter(([name]) => name !== "host" && name !== "content-length"),
    ...(body === "" ? {} : { body }),
  });
  const own = new Set(["date", "connection", "keep-alive"]);
  const answer = {
    status: response.status,
    headers: Object.fromEntries([...response.headers].filter(([name]) => !own.has(name))),
    body: await response.text(),
  };
  const child = startChild("floor/run.js", [JSON.stringify(answer)]);
  const { url: floorUrl } = (await child.next()) as { url: string };
  return { ...child, url: floorUrl };
}

/** Opens the streams from two processes and waits until all of them are there. */
async function startSwarm(
  server: Server,
  clients: number,
): Promise<{ swarms: readonly Child[]; seconds: number }> {
  const half = Math.ceil(clients / 2);
  const swarms = [
    startChild("swarm/run.js", [server.url, server.key, String(half), "2"]),
    startChild("swarm/run.js", [server.url, server.key, String(clients - half), "10"]),
  ];
  return { swarms, seconds: await untilOpen(swarms, clients) };
}

async function untilOpen(swarms: readonly Child[], clients: number): Promise<number> {
  const startedMs = performance.now();
  for (;;) {
    const states = (await Promise.all(
      swarms.map((swarm) => swarm.ask()),
    )) as unknown as readonly SwarmState[];
    if (states.reduce((sum, state) => sum + state.open, 0) >= clients)
      return (performance.now() - startedMs) / 1000;
    if (performance.now() - startedMs > 120_000)
      throw new Error("the streams were not open after two minutes");
    await pause(20);
  }
}

async function* measureSwarm(clients: number, patches: number): AsyncGenerator<BenchRow> {
  const server = await startServer("memory", 20);
  const { swarms, seconds } = await startSwarm(server, clients);
  await pause(500);
  const { rss } = (await server.ask()) as unknown as Used;
  const delays: number[] = [];
  for (let patch = 0; patch < patches; patch += 1) {
    const sent = nowMicros();
    await writeFlag(server, "large", textFlag(`${patch}${"x".repeat(1800)}`));
    let missing = clients;
    const deadlineMs = performance.now() + 20_000;
    while (missing > 0 && performance.now() < deadlineMs) {
      await pause(300);
      const states = (await Promise.all(
        swarms.map((swarm) => swarm.ask()),
      )) as unknown as readonly SwarmState[];
      for (const { received } of states) {
        missing -= received.length;
        delays.push(...received.map((at) => (at - sent) / 1000));
      }
    }
    if (missing > 0) throw new Error(`${missing} streams did not get patch ${patch}`);
  }
  for (const child of [...swarms, server]) await child.kill();
  const name = `${clients} streams`;
  yield row(`${name}: all connected`, "s", [seconds], 30);
  yield row(`${name}: resident memory of control`, "MiB", [rss / MIB], 250);
  if (clients > FAN_OUT_GOAL_CLIENTS) return;
  yield row(`${name}: a patch of 2 KB, p50`, "ms", [quantile(delays, 0.5)], 500);
  yield row(`${name}: a patch of 2 KB, p99`, "ms", [quantile(delays, 0.99)], 500);
  yield row(
    `${name}: a patch of 2 KB, max`,
    "ms",
    [delays.reduce((most, delay) => Math.max(most, delay), 0)],
    1000,
  );
}

async function* measureReconnect(clients: number): AsyncGenerator<BenchRow> {
  const directory = mkdtempSync(join(tmpdir(), "flagspan-bench-"));
  const place = join(directory, "control.db");
  const server = await startServer(place, 20);
  const { swarms } = await startSwarm(server, clients);
  await server.kill();
  for (const swarm of swarms) {
    while (((await swarm.ask()) as unknown as SwarmState).open > 0) await pause(20);
  }
  const startedMs = performance.now();
  const again = await startServer(place, 20, Number(new URL(server.url).port));
  await untilOpen(swarms, clients);
  const seconds = (performance.now() - startedMs) / 1000;
  for (const child of [...swarms, again]) await child.kill();
  rmSync(directory, { recursive: true, force: true });
  yield row(`${clients} streams back after kill -9 of control`, "s", [seconds], 30);
}

function readDescriptorLimit(): number {
  try {
    const line = readFileSync("/proc/self/limits", "utf8")
      .split("\n")
      .find((text) => text.startsWith("Max open files"));
    return Number(line?.split(/\s+/)[3] ?? 1024);
  } catch {
    return 1024;
  }
}

function pause(delayMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delayMs));
}
