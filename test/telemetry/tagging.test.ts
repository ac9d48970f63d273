import { ROOT_CONTEXT, context, trace } from "@opentelemetry/api";
import { SeverityNumber } from "@opentelemetry/api-logs";
import { AlwaysOffSampler, BatchSpanProcessor, InMemorySpanExporter } from "@opentelemetry/sdk-trace-base";
import type { ReadableSpan } from "@opentelemetry/sdk-trace-base";
import { activeFlags, recordUnsampled, withFlagScope } from "@flagspan/telemetry";
import { afterEach, expect, test } from "vitest";

import { createRig } from "./rig.ts";
import type { Rig } from "./rig.ts";

let rig: Rig;
afterEach(() => rig.close());

const flagOf = (span: ReadableSpan | undefined, key = "checkout"): unknown =>
  span?.attributes[`feature_flags.${key}`];
const spansByName = (): Record<string, ReadableSpan | undefined> =>
  Object.fromEntries(rig.spans.getFinishedSpans().map((span) => [span.name, span]));

test("late binding tags open ancestors and later spans, and leaves alone what had ended", () => {
  rig = createRig();
  rig.tracer.startActiveSpan("server", (server) => {
    rig.tracer.startSpan("before").end();
    rig.tracer.startActiveSpan("work", (work) => {
      rig.evaluate("checkout");
      work.end();
    });
    rig.tracer.startSpan("after").end();
    server.end();
  });
  const tagged = Object.entries(spansByName()).map(([name, span]) => [name, flagOf(span)]);
  expect(Object.fromEntries(tagged)).toEqual({ before: undefined, work: "on", after: "on", server: "on" });
});

test("causal binding tags the span that evaluated and later ones, not its ancestors", () => {
  rig = createRig({ binding: "causal" });
  rig.tracer.startActiveSpan("server", (server) => {
    rig.tracer.startActiveSpan("work", (work) => {
      rig.evaluate("checkout");
      rig.tracer.startSpan("below").end();
      work.end();
    });
    rig.tracer.startSpan("after").end();
    server.end();
  });
  const tagged = Object.entries(spansByName()).map(([name, span]) => [name, flagOf(span)]);
  expect(Object.fromEntries(tagged)).toEqual({ below: "on", work: "on", after: "on", server: undefined });
});

test("the ruleset in force stands on the local root only", () => {
  rig = createRig();
  rig.tracer.startActiveSpan("server", (server) => {
    rig.tracer.startActiveSpan("work", (work) => {
      rig.evaluate("checkout", { flagMetadata: { flagSetId: "shop.prod", version: 12 } });
      work.end();
    });
    server.end();
  });
  expect(spansByName()["server"]?.attributes).toMatchObject({
    "feature_flag.set.id": "shop.prod",
    "feature_flag.version": "12",
  });
  expect(spansByName()["work"]?.attributes).toEqual({ "feature_flags.checkout": "on" });
});

test("logs carry the flags evaluated before them, by span and by withFlagScope", () => {
  rig = createRig({ events: "off" });
  const logger = rig.loggerProvider.getLogger("app");
  logger.emit({ body: "outside" });
  rig.tracer.startActiveSpan("server", (server) => {
    logger.emit({ body: "before" });
    rig.evaluate("checkout");
    logger.emit({ body: "after", severityNumber: SeverityNumber.ERROR });
    server.end();
    logger.emit({ body: "late: after the response" });
  });
  withFlagScope(() => {
    rig.evaluate("checkout", { variant: "blue" });
    logger.emit({ body: "scoped" });
  });
  const flags = rig.logs
    .getFinishedLogRecords()
    .map(({ body, attributes }) => [body, attributes["feature_flags.checkout"]]);
  expect(Object.fromEntries(flags)).toEqual({
    outside: undefined,
    before: undefined,
    after: "on",
    "late: after the response": "on",
    scoped: "blue",
  });
});

test("withFlagScope keeps the items of a batch apart, inside one span", async () => {
  rig = createRig();
  await rig.tracer.startActiveSpan("batch", async (batch) => {
    await Promise.all(
      ["a", "b", "c"].map((user) =>
        withFlagScope(async () => {
          await Promise.resolve();
          rig.evaluate("checkout", { variant: `for-${user}` });
          await Promise.resolve();
          rig.tracer.startSpan(user).end();
          expect(activeFlags()).toEqual({ checkout: `for-${user}` });
        }),
      ),
    );
    batch.end();
  });
  const tagged = Object.entries(spansByName()).map(([name, span]) => [name, flagOf(span)]);
  expect(Object.fromEntries(tagged)).toEqual({ a: "for-a", b: "for-b", c: "for-c", batch: undefined });
});

test("200 concurrent requests of different users do not mix", async () => {
  rig = createRig();
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  await Promise.all(
    Array.from({ length: 200 }, (_, user) =>
      rig.tracer.startActiveSpan(`request-${user}`, { root: true }, async (request) => {
        await turn();
        await rig.tracer.startActiveSpan(`work-${user}`, async (work) => {
          await turn();
          rig.evaluate("checkout", { variant: `v${user}` });
          await turn();
          rig.loggerProvider.getLogger("app").emit({ body: `log-${user}` });
          work.end();
        });
        await turn();
        rig.tracer.startSpan(`after-${user}`).end();
        request.end();
      }),
    ),
  );
  const spans = rig.spans.getFinishedSpans();
  expect(spans).toHaveLength(600);
  expect(spans.filter((span) => flagOf(span) !== `v${span.name.split("-")[1] ?? ""}`)).toEqual([]);
  const logs = rig.logs.getFinishedLogRecords().filter(({ body }) => body !== undefined);
  expect(logs).toHaveLength(200);
  const mixed = logs.filter(
    ({ body, attributes }) =>
      attributes["feature_flags.checkout"] !== `v${JSON.stringify(body).slice(1, -1).split("-")[1] ?? ""}`,
  );
  expect(mixed).toEqual([]);
});

const namings = [
  { naming: "per-flag", expected: { "feature_flags.checkout": "on", "feature_flags.theme": "blue" } },
  { naming: "packed", expected: { feature_flags: ["checkout=on", "theme=blue"] } },
  { naming: "sentry", expected: { "flag.evaluation.checkout": true } },
] as const;
for (const { naming, expected } of namings) {
  test(`the ${naming} preset spells flags its way on every span`, () => {
    rig = createRig({ naming });
    rig.tracer.startActiveSpan("server", (server) => {
      rig.evaluate("checkout");
      rig.evaluate("theme", { value: "#00f", variant: "blue" });
      rig.tracer.startSpan("first").end();
      rig.tracer.startSpan("second").end();
      const third = rig.tracer.startSpan("third");
      third.setAttribute("app", 1);
      third.end();
      server.end();
    });
    const { first, second, third, server } = spansByName();
    expect(first?.attributes).toEqual(expected);
    expect(second?.attributes).toEqual(expected);
    expect(third?.attributes).toEqual({ app: 1, ...expected });
    expect(server?.attributes).toEqual(expected);
  });
}

test("a naming function of the app names tags, leaves some out, and may throw", () => {
  rig = createRig({
    events: "off",
    naming: ({ key, variant }) => {
      if (key === "broken") throw new Error("mapper");
      return key === "hidden" ? undefined : [`ff.${key}`, variant];
    },
  });
  rig.tracer.startActiveSpan("server", (server) => {
    for (const key of ["checkout", "broken", "hidden"]) rig.evaluate(key);
    server.end();
  });
  expect(spansByName()["server"]?.attributes).toEqual({ "ff.checkout": "on" });
  expect(rig.telemetry.dropped().get("mapper_error")).toBe(1);
});

test("a flag without a variant is tagged with its boolean value, else its reason, and a missing flag not at all", () => {
  rig = createRig();
  rig.tracer.startActiveSpan("server", (server) => {
    rig.evaluate("boolean", { variant: undefined, value: false });
    rig.evaluate("secret", { variant: undefined, value: "s3cret", reason: "DEFAULT" });
    rig.evaluate("nowhere", { variant: undefined, reason: "ERROR", errorCode: "FLAG_NOT_FOUND" });
    server.end();
  });
  expect(spansByName()["server"]?.attributes).toEqual({
    "feature_flags.boolean": "false",
    "feature_flags.secret": "default",
  });
});

test("an attribute that the app has set under the same name stays", () => {
  rig = createRig();
  rig.tracer.startActiveSpan("warm-up", (span) => {
    rig.evaluate("checkout");
    span.end();
  });
  rig.tracer.startActiveSpan("server", { root: true }, (server) => {
    server.setAttribute("feature_flags.checkout", "by hand");
    rig.evaluate("checkout");
    rig.evaluate("theme");
    server.end();
  });
  expect(spansByName()["server"]?.attributes).toEqual({
    "feature_flags.checkout": "by hand",
    "feature_flags.theme": "on",
  });
});

test("a value length limit of the SDK holds for tags, too", () => {
  rig = createRig({ spanLimits: { attributeValueLengthLimit: 4 } });
  rig.tracer.startActiveSpan("server", (server) => {
    rig.evaluate("checkout", { variant: "a-long-variant" });
    rig.tracer.startSpan("child").end();
    server.end();
  });
  expect(flagOf(spansByName()["child"])).toBe("a-lo");
  expect(flagOf(spansByName()["server"])).toBe("a-lo");
});

test("an SDK that never calls onEnding has its tags written at the start and at the evaluation", () => {
  rig = createRig();
  const { spanProcessor } = rig.telemetry;
  const attributes: Record<string, Record<string, unknown>> = {};
  const open = (name: string, spanId: string): unknown => {
    attributes[name] = {};
    const span = {
      attributes: attributes[name],
      _spanProcessor: { onStart: () => undefined, onEnd: () => undefined },
      spanContext: () => ({ traceId: "0".repeat(31) + "1", spanId, traceFlags: 1 }),
      setAttribute: (key: string, value: unknown) => Object.assign(attributes[name] ?? {}, { [key]: value }),
    };
    spanProcessor.onStart(span, context.active());
    return span;
  };
  const server = open("server", "1".repeat(16)) as Parameters<typeof trace.setSpan>[1];
  context.with(trace.setSpan(ROOT_CONTEXT, server), () => {
    rig.evaluate("checkout");
    rig.evaluate("checkout", { variant: "changed" });
    open("child", "2".repeat(16));
  });
  expect(attributes).toEqual({
    server: { "feature_flags.checkout": "changed" },
    child: { "feature_flags.checkout": "changed" },
  });
});

test("requests that are sampled out have flags on their logs under recordUnsampled, and export no span", async () => {
  const exporter = new InMemorySpanExporter();
  rig = createRig({
    events: "off",
    sampler: () => recordUnsampled(new AlwaysOffSampler()),
    before: [new BatchSpanProcessor(exporter)],
  });
  rig.tracer.startActiveSpan("server", (server) => {
    rig.evaluate("checkout");
    rig.tracer.startActiveSpan("work", (work) => {
      rig.loggerProvider.getLogger("app").emit({ body: "hello" });
      work.end();
    });
    server.end();
  });
  expect(rig.logs.getFinishedLogRecords()[0]?.attributes).toEqual({ "feature_flags.checkout": "on" });
  await rig.close();
  expect(exporter.getFinishedSpans()).toEqual([]);
});

test("a context that carries only the span's ids, not its object, still finds the scope", () => {
  rig = createRig();
  rig.tracer.startActiveSpan("server", (server) => {
    rig.evaluate("checkout");
    const wrapped = trace.setSpanContext(ROOT_CONTEXT, { ...server.spanContext() });
    rig.tracer.startSpan("bridged", {}, wrapped).end();
    server.end();
  });
  expect(flagOf(spansByName()["bridged"])).toBe("on");
});

test("with ids only, a trace with two local roots in this process is not guessed at", () => {
  rig = createRig();
  const first = rig.tracer.startSpan("first", {}, ROOT_CONTEXT);
  const ids = trace.setSpanContext(ROOT_CONTEXT, { ...first.spanContext(), isRemote: true });
  const second = rig.tracer.startSpan("second", {}, ids);
  context.with(trace.setSpan(ROOT_CONTEXT, first), () => rig.evaluate("checkout", { variant: "of-first" }));
  context.with(trace.setSpan(ROOT_CONTEXT, second), () => rig.evaluate("checkout", { variant: "of-second" }));
  const wrapped = trace.setSpanContext(ROOT_CONTEXT, { ...first.spanContext() });
  rig.tracer.startSpan("bridged", {}, wrapped).end();
  second.end();
  first.end();
  const tagged = Object.entries(spansByName()).map(([name, span]) => [name, flagOf(span)]);
  expect(Object.fromEntries(tagged)).toEqual({ first: "of-first", second: "of-second", bridged: undefined });
});
