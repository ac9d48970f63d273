import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

import { SpanStatusCode } from "@opentelemetry/api";
import { SeverityNumber } from "@opentelemetry/api-logs";
import { OTLPLogExporter } from "@opentelemetry/exporter-logs-otlp-http";
import { BatchLogRecordProcessor, LoggerProvider } from "@opentelemetry/sdk-logs";
import { BasicTracerProvider } from "@opentelemetry/sdk-trace-base";
import { ROOT_CONTEXT, context, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { decodeLogs } from "@flagspan/bridge/otlp";
import { createFlagTelemetry } from "@flagspan/telemetry";
import { afterAll, expect, test, vi } from "vitest";

const logsPerSecond = 10_000;
const failuresPerSecond = 200;
const stormMs = 4_000;

interface Endpoint {
  readonly url: string;
  close(): Promise<void>;
}

async function listen(
  answer: (body: Uint8Array, request: IncomingMessage, response: ServerResponse) => void,
): Promise<Endpoint> {
  const server = createServer((request, response) => {
    const chunks: Uint8Array[] = [];
    request.on("data", (chunk: Uint8Array) => chunks.push(chunk));
    request.on("end", () => answer(Buffer.concat(chunks), request, response));
    request.on("error", () => request.destroy());
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

afterAll(() => {
  context.disable();
});

test("10,000 error logs a second, into a collector that hangs and refuses, lose no outcome of the same seconds", async () => {
  let collected = 0;
  const collector = await listen((body, _request, response) => {
    collected += 1;
    const refuse = (): void => void response.writeHead(503, { "retry-after": "1" }).end();
    if (collected % 2 === 0) setTimeout(refuse, 2_000).unref();
    else refuse();
    expect(body.byteLength).toBeGreaterThan(0);
  });
  const taken = new Map<string, number>();
  const answers: string[] = [];
  const guard = await listen((body, request, response) => {
    const decoded = decodeLogs(body, request.headers["content-type"] ?? "");
    const records = decoded.ok ? decoded.records : [];
    const take = (): void => {
      for (const { eventName, attributes } of records) {
        const unit = attributes["feature_flag.context.id"];
        if (eventName === "feature_flag.outcome" && typeof unit === "string") {
          taken.set(unit, (taken.get(unit) ?? 0) + 1);
        }
      }
    };
    const kind = ["busy", "taken", "lost", "taken"][answers.length % 4] ?? "taken";
    answers.push(kind);
    if (kind === "busy") response.writeHead(503, { "retry-after": "1" }).end();
    else {
      take();
      // The answer to one that was taken can get lost, too: it comes again, and is told apart by its unit.
      if (kind === "lost") request.socket.destroy();
      else response.writeHead(200, { "content-type": "application/json" }).end("{}");
    }
  });

  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const batching = new BatchLogRecordProcessor({
    exporter: new OTLPLogExporter({ url: `${collector.url}/v1/logs` }),
  });
  const late: { loggers?: LoggerProvider } = {};
  const telemetry = createFlagTelemetry({
    guardEndpoint: guard.url,
    loggerProvider: {
      getLogger: (name, version) => late.loggers?.getLogger(name, version) ?? { emit: () => undefined },
    },
  });
  const loggers = new LoggerProvider({ processors: [telemetry.logRecordProcessor, batching] });
  late.loggers = loggers;
  const logger = loggers.getLogger("app");
  const tracer = new BasicTracerProvider({ spanProcessors: [telemetry.spanProcessor] }).getTracer("app");
  const evaluated = telemetry.hook.finally.bind(telemetry.hook);

  const flagMetadata = {
    flagSetId: "shop.prod",
    rollout: "r/1",
    rolloutTreatment: "on",
    rolloutControl: "off",
  };
  let units = 0;
  const failRequest = (): void => {
    const unit = `unit-${(units += 1)}`;
    const span = tracer.startSpan("request", {}, ROOT_CONTEXT);
    context.with(trace.setSpan(ROOT_CONTEXT, span), () => {
      evaluated(
        { flagKey: "dark-mode" },
        { value: true, variant: "on", flagMetadata: { ...flagMetadata, contextId: unit } },
      );
      span.recordException(new Error("boom"));
      span.setStatus({ code: SpanStatusCode.ERROR });
      span.end();
    });
  };
  let logged = 0;
  // By the clock, so that a machine that was held up catches up instead of slowing the storm down.
  const startedMs = performance.now();
  for (let elapsedMs = 0; elapsedMs < stormMs; await sleep(5)) {
    elapsedMs = performance.now() - startedMs;
    const owed = (rate: number): number => Math.ceil((elapsedMs / 1_000) * rate);
    while (logged < owed(logsPerSecond)) {
      logger.emit({
        severityNumber: SeverityNumber.ERROR,
        body: "the payment was refused",
        attributes: { "exception.type": "PaymentError", "exception.message": `attempt ${logged}` },
      });
      logged += 1;
    }
    while (units < owed(failuresPerSecond)) failRequest();
  }
  expect(logged).toBeGreaterThanOrEqual(logsPerSecond * (stormMs / 1_000));
  expect(units).toBeGreaterThanOrEqual(failuresPerSecond * (stormMs / 1_000));
  await vi.waitFor(() => expect(taken.size).toBe(units), { timeout: 60_000, interval: 100 });

  const sent = Array.from({ length: units }, (_, index) => `unit-${index + 1}`);
  expect(sent.filter((unit) => !taken.has(unit))).toEqual([]);
  expect(new Set(answers)).toEqual(new Set(["busy", "taken", "lost"]));
  expect(collected).toBeGreaterThan(0);
  expect([...telemetry.dropped()]).toEqual([]);
  await telemetry.shutdown();
  await Promise.all([collector.close(), guard.close()]);
  await loggers.shutdown().catch(() => undefined);
});
