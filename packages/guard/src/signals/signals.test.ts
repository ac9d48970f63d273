import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { parsePlan } from "../plan/parse-plan.ts";
import { AlertBoard } from "./alert-board.ts";
import { createPrometheusClient } from "./prometheus.ts";
import type { QueryAnswer } from "./prometheus.ts";
import { QueryWatch } from "./query-watch.ts";

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** A server that answers every query with this body. */
async function serve(status: number, body: string): Promise<string> {
  const server = createServer((_, response) => response.writeHead(status).end(body));
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  closers.push(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const success = (resultType: string, result: unknown): string =>
  JSON.stringify({ status: "success", data: { resultType, result } });

describe("a Prometheus query", () => {
  it.each<[string, string, QueryAnswer]>([
    ["a scalar", success("scalar", [1, "2.5"]), { ok: true, value: 2.5 }],
    ["one sample", success("vector", [{ metric: {}, value: [1, "7"] }]), { ok: true, value: 7 }],
    ["NaN", success("vector", [{ metric: {}, value: [1, "NaN"] }]), { ok: true, value: undefined }],
    ["infinity", success("scalar", [1, "+Inf"]), { ok: true, value: undefined }],
    ["nothing", success("vector", []), { ok: true, value: undefined }],
  ])("that yields %s is read as such", async (_, body, expected) => {
    expect(await createPrometheusClient({ baseUrl: await serve(200, body) }).query("up")).toEqual(expected);
  });

  it.each([
    [
      "several series",
      200,
      success("vector", [{ value: [1, "1"] }, { value: [1, "2"] }]),
      "wrap it in sum(...)",
    ],
    ["a range", 200, success("matrix", []), "must yield one number"],
    [
      "an error",
      400,
      JSON.stringify({ status: "error", error: "parse error at char 3" }),
      "parse error at char 3",
    ],
    ["no JSON", 502, "<html>", "gave no usable answer"],
  ])("that yields %s fails with words", async (_, status, body, words) => {
    const answer = await createPrometheusClient({ baseUrl: await serve(status, body) }).query("up");
    expect(answer).toEqual({ ok: false, problem: expect.stringContaining(words) });
  });

  it("to nobody is a failure, not an exception", async () => {
    expect(await createPrometheusClient({ baseUrl: "http://127.0.0.1:1" }).query("up")).toMatchObject({
      ok: false,
    });
  });
});

describe("watching queries", () => {
  const parsed = parsePlan({ flag: "f", set: "s", stages: "1%", guardrails: [{ query: "up" }] });
  if (!parsed.ok) throw new Error("not a plan");
  const { plan } = parsed;
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
  };

  it("asks each at most every five seconds, counts failures in a row and keeps the first value", async () => {
    const answers: QueryAnswer[] = [
      { ok: true, value: 4 },
      { ok: false, problem: "refused" },
      { ok: false, problem: "refused" },
      { ok: true, value: undefined },
    ];
    let [nowMs, asked] = [10_000, 0];
    const watch = new QueryWatch(
      { query: async () => answers[asked++] ?? { ok: false, problem: "over" } },
      () => nowMs,
    );
    const seen = [];
    for (let second = 0; second < 20; second += 1) {
      watch.ask("r", plan);
      await settle();
      if (second % 5 === 0) seen.push(watch.read("r")["query:up"]);
      nowMs += 1000;
    }
    expect(asked).toBe(4);
    expect(seen).toEqual([
      { failures: 0, value: 4, baseline: 4 },
      { failures: 1, baseline: 4, problem: "refused" },
      { failures: 2, baseline: 4, problem: "refused" },
      { failures: 0, baseline: 4 },
    ]);
  });

  it("tells which queries cannot be measured before a rollout starts", async () => {
    const watch = (answer: QueryAnswer): QueryWatch => new QueryWatch({ query: async () => answer }, () => 0);
    expect(await watch({ ok: true, value: 0 }).findUnknown(plan)).toEqual([]);
    expect(await watch({ ok: true, value: undefined }).findUnknown(plan)).toEqual([
      expect.stringContaining("is the metric's name right?"),
    ]);
    expect(await watch({ ok: false, problem: "no route" }).findUnknown(plan)).toEqual(["up: no route"]);
    expect(await new QueryWatch(undefined, () => 0).findUnknown(plan)).toEqual([
      expect.stringContaining("needs a Prometheus"),
    ]);
  });
});

describe("inbound alerts", () => {
  it("fire until they are resolved, each name once", () => {
    const board = new AlertBoard();
    board.add([
      { name: "CheckoutSlo", status: "firing" },
      { name: "CheckoutSlo", status: "firing" },
      { name: "Disk", status: "firing" },
    ]);
    expect(board.firing()).toEqual(["CheckoutSlo", "Disk"]);
    board.add([{ name: "CheckoutSlo", status: "resolved" }]);
    expect(board.firing()).toEqual(["Disk"]);
  });
});
