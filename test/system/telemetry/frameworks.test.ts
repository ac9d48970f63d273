import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startApp, type AppProcess } from "./app-process.ts";
import { openTelemetryLines } from "./lines.ts";
import { startReceiver, type Received, type Receiver } from "./receiver.ts";

const requests = 200;
/** How long after its first evaluation a span must end, or a record be written, to count: clocks have an edge. */
const edgeMs = 2;

const flagspan = ["--import", "@flagspan/telemetry/register"];
const otel = ["--import", "@opentelemetry/auto-instrumentations-node/register"];

const exporting = (receiver: Receiver, service: string): Record<string, string> => ({
  OTEL_SERVICE_NAME: service,
  OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
  OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
  OTEL_LOGS_EXPORTER: "otlp",
  OTEL_METRICS_EXPORTER: "none",
  OTEL_NODE_RESOURCE_DETECTORS: "env",
  OTEL_BSP_MAX_QUEUE_SIZE: "50000",
  OTEL_BLRP_MAX_QUEUE_SIZE: "50000",
  UPSTREAM_URL: receiver.url,
});

/** The records of each user's trace: the server span's query says whose it is. */
function byUser(received: readonly Received[]): ReadonlyMap<string, readonly Received[]> {
  const users = new Map<string, string>();
  for (const { signal, traceId, attributes } of received) {
    const target = String(attributes["url.query"] ?? attributes["http.target"]);
    const user = /user=(u\d+)/u.exec(target)?.[1];
    if (signal === "span" && user !== undefined) users.set(traceId, user);
  }
  const traces = new Map<string, Received[]>();
  for (const record of received) {
    const user = users.get(record.traceId);
    if (user === undefined) continue;
    traces.set(user, [...(traces.get(user) ?? []), record]);
  }
  return traces;
}

const tagsOf = ({ name, attributes }: Received) => ({
  name,
  whoami: attributes["feature_flags.whoami"],
  checkout: attributes["feature_flags.checkout"],
});

const load = (url: string): Promise<readonly number[]> =>
  Promise.all(
    Array.from({ length: requests }, async (_, index) => {
      const response = await fetch(`${url}/order?user=u${index}`);
      await response.text();
      return response.status;
    }),
  );

describe.each(openTelemetryLines)("$title", ({ prepare }) => {
  let installed: ReturnType<typeof prepare>;
  beforeAll(() => {
    installed = prepare();
  }, 300_000);

  test.each([
    { app: "express", preloads: [...flagspan, ...otel] },
    { app: "fastify", preloads: [...otel, ...flagspan] },
    { app: "nest", preloads: [...otel, ...flagspan, ...flagspan] },
  ] as const)(
    "every span and log of an unmodified $app app carries its own user's flags after the evaluation",
    async ({ app, preloads }) => {
      const receiver = await startReceiver();
      const running = await startApp({ ...installed, app, preloads, env: exporting(receiver, app) });
      const statuses = await load(running.url);
      const code = await running.stop();
      await receiver.close();

      expect({ code, stderr: running.stderr() }).toEqual({ code: 0, stderr: "" });
      expect(statuses.filter((status) => status === 500)).toHaveLength(requests / 10);
      const traces = byUser(receiver.received);
      expect(traces.size).toBe(requests);
      let eligible = 0;
      for (const [user, records] of traces) {
        const evaluations = records.filter(({ name }) => name === "feature_flag.evaluation");
        expect(evaluations.map(({ attributes }) => attributes["feature_flag.key"])).toEqual([
          "whoami",
          "checkout",
        ]);
        const sinceMs = Math.max(...evaluations.map(({ atMs }) => atMs));
        const after = records.filter(({ atMs }) => atMs > sinceMs + edgeMs);
        const checkout = Number(user.slice(1)) % 2 === 0 ? "on" : "off";
        expect(after.map(tagsOf)).toEqual(after.map(({ name }) => ({ name, whoami: user, checkout })));
        expect(
          records.map((record) => tagsOf(record).whoami).filter((tag) => tag !== user && tag !== undefined),
        ).toEqual([]);
        eligible += after.length;
      }
      expect(eligible).toBeGreaterThanOrEqual(requests * 4);
    },
    120_000,
  );

  describe("three services in a row", () => {
    let receiver: Receiver;
    const chain: AppProcess[] = [];
    const startLink = async (service: string, env: Record<string, string>): Promise<string> => {
      const link = await startApp({
        ...installed,
        app: "chain",
        preloads: [...flagspan, ...otel],
        env: { ...exporting(receiver, service), ...env },
      });
      chain.push(link);
      return link.url;
    };
    beforeAll(async () => {
      receiver = await startReceiver();
    });
    afterAll(async () => {
      await receiver.close();
    });

    test("the third, which evaluates nothing, is tagged by what travelled in baggage", async () => {
      const trust = { FLAGSPAN_TRUST_BAGGAGE: "true", FLAGSPAN_BAGGAGE_ALLOW: "127.0.0.1" };
      const third = await startLink("third", trust);
      const second = await startLink("second", { ...trust, NEXT_URL: third });
      const first = await startLink("first", {
        FLAGSPAN_BAGGAGE_ALLOW: "127.0.0.1",
        EVALUATES: "true",
        NEXT_URL: second,
      });
      await load(first);
      for (const link of chain) await link.stop();

      const traces = byUser(receiver.received);
      expect(traces.size).toBe(requests);
      for (const [user, records] of traces) {
        for (const service of ["second", "third"]) {
          const own = records.filter((record) => record.service === service);
          expect(own.filter(({ signal }) => signal === "span").length).toBeGreaterThan(0);
          expect(own.filter(({ signal }) => signal === "log")).toHaveLength(2);
          const checkout = Number(user.slice(1)) % 2 === 0 ? "on" : "off";
          expect(own.map(tagsOf)).toEqual(own.map(({ name }) => ({ name, whoami: user, checkout })));
        }
      }
    }, 120_000);
  });
});
