import { ROOT_CONTEXT, context } from "@opentelemetry/api";
import { OpenFeature } from "@openfeature/server-sdk";
import type { FlagSpanProcessor, FlagTelemetryOptions } from "@flagspan/telemetry";
import {
  activeFlags,
  createFlagTelemetry,
  pinoFlagMixin,
  winstonFlagFormat,
  withFlagScope,
} from "@flagspan/telemetry";
import pino from "pino";
import { afterEach, expect, test } from "vitest";
import winston from "winston";

import { createRig, fixedProvider, watched } from "./rig.ts";
import type { Rig } from "./rig.ts";

let rig: Rig | undefined;
afterEach(async () => {
  await rig?.close();
  rig = undefined;
  await OpenFeature.clearProviders();
  OpenFeature.clearHooks();
});

const explode = (): never => {
  throw new Error("broken by the test");
};

const broken: readonly { what: string; options: FlagTelemetryOptions }[] = [
  { what: "a throwing mapper", options: { naming: explode } },
  { what: "a throwing subject key", options: { subjectKey: explode } },
  { what: "a throwing isBad", options: { isBad: explode } },
  { what: "a throwing clock", options: { clock: { nowMs: explode, monotonicMs: explode } } },
  { what: "a logger provider that throws", options: { loggerProvider: { getLogger: explode } } },
  { what: "a logger that throws", options: { loggerProvider: { getLogger: () => ({ emit: explode }) } } },
  { what: "a meter provider that throws", options: { meterProvider: { getMeter: explode } } },
  { what: "a fetch that throws", options: { fetch: explode } },
];
for (const { what, options } of broken) {
  test(`${what} never reaches the app: evaluation, span, log and shutdown go on`, async () => {
    rig = createRig(options);
    const { tracer, telemetry, loggerProvider, spans } = rig;
    await OpenFeature.setProviderAndWait(
      fixedProvider({ checkout: watched(options.subjectKey === undefined ? "unit-1" : undefined) }),
    );
    OpenFeature.addHooks(telemetry.hook);
    await tracer.startActiveSpan("server", async (server) => {
      expect(await OpenFeature.getClient().getBooleanValue("checkout", false)).toBe(true);
      loggerProvider.getLogger("app").emit({ body: "hello" });
      server.setAttribute("http.response.status_code", 500);
      server.end();
    });
    await telemetry.forceFlush();
    await telemetry.shutdown();
    expect(spans.getFinishedSpans().map(({ name }) => name)).toEqual(["server"]);
    expect([...telemetry.dropped().values()].some((count) => count > 0)).toBe(true);
  });
}

test("a frozen context, frozen details and hostile text go through the hook", () => {
  rig = createRig();
  const { tracer, telemetry } = rig;
  const evaluated = telemetry.hook.finally.bind(telemetry.hook);
  tracer.startActiveSpan("server", (server) => {
    evaluated(
      Object.freeze({ flagKey: "a\nb\u0000c", context: Object.freeze({ targetingKey: "u" }) }),
      Object.freeze({ value: true, variant: "on\u2028", reason: "STATIC", flagMetadata: Object.freeze({}) }),
    );
    expect(activeFlags()).toEqual({ abc: "on" });
    server.end();
  });
  const nonsense = [undefined, null, 1, "x", {}, { flagKey: 7 }, { flagKey: "k", context: explode }];
  for (const one of nonsense) {
    for (const other of nonsense) evaluated(one as never, other as never);
  }
  expect(rig.spans.getFinishedSpans()).toHaveLength(1);
});

test("processors take spans and records of no known shape", () => {
  const telemetry = createFlagTelemetry();
  const { spanProcessor, logRecordProcessor, propagator } = telemetry;
  const call = (method: keyof FlagSpanProcessor, ...args: unknown[]): unknown =>
    (spanProcessor[method] as (...given: unknown[]) => unknown)(...args);
  for (const thing of [undefined, null, {}, { spanContext: explode }, Object.freeze({ attributes: null })]) {
    call("onStart", thing, ROOT_CONTEXT);
    call("onEnding", thing);
    call("onEnd", thing);
    logRecordProcessor.onEmit(thing as never);
    propagator.inject(ROOT_CONTEXT, thing, { set: explode });
    expect(propagator.extract(ROOT_CONTEXT, thing, { get: explode, keys: explode })).toBe(ROOT_CONTEXT);
  }
  expect(telemetry.dropped().get("processor_error")).toBeGreaterThan(0);
});

test("without any SDK, evaluating, logging helpers and shutdown work and tell nothing", async () => {
  const telemetry = createFlagTelemetry({ fetch: explode });
  const evaluated = telemetry.hook.finally.bind(telemetry.hook);
  evaluated({ flagKey: "checkout" }, watched("unit-1"));
  telemetry.recordUncaught(new Error("x"));
  expect(withFlagScope(() => 7)).toBe(7);
  expect(activeFlags()).toEqual({});
  expect(pinoFlagMixin()()).toEqual({});
  await telemetry.shutdown();
  expect(telemetry.dropped().get("hook_error")).toBe(undefined);
});

test("pino and winston lines carry the flags of their request, and the app's own fields stay", () => {
  rig = createRig();
  const { evaluate } = rig;
  const lines: Record<string, unknown>[] = [];
  const stream = { write: (line: string) => lines.push(JSON.parse(line) as Record<string, unknown>) };
  const pinoLogger = pino({ mixin: pinoFlagMixin() }, stream);
  const transport = new winston.transports.Stream({
    stream: new WritableLines((line) => lines.push(JSON.parse(line) as Record<string, unknown>)),
  });
  const winstonLogger = winston.createLogger({
    format: winston.format.combine(winstonFlagFormat(), winston.format.json()),
    transports: [transport],
  });
  withFlagScope(() => {
    evaluate("checkout");
    pinoLogger.info("from pino");
    winstonLogger.info("from winston", { "feature_flags.checkout": "by hand" });
    winstonLogger.info("again");
  });
  const frozen = Object.freeze({ message: "frozen" });
  expect(withFlagScope(() => (evaluate("checkout"), winstonFlagFormat().transform(frozen)))).toBe(frozen);
  pinoLogger.info("outside");
  expect(lines.map((line) => [line["msg"] ?? line["message"], line["feature_flags.checkout"]])).toEqual([
    ["from pino", "on"],
    ["from winston", "by hand"],
    ["again", "on"],
    ["outside", undefined],
  ]);
  expect(context.active()).toBe(ROOT_CONTEXT);
});

class WritableLines extends (await import("node:stream")).Writable {
  readonly #take: (line: string) => void;
  constructor(take: (line: string) => void) {
    super();
    this.#take = take;
  }
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.#take(chunk.toString());
    done();
  }
}
