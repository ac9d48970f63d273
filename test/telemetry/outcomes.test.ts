import { ROOT_CONTEXT, SpanStatusCode, context } from "@opentelemetry/api";
import type { Span } from "@opentelemetry/api";
import { SeverityNumber } from "@opentelemetry/api-logs";
import { AlwaysOffSampler } from "@opentelemetry/sdk-trace-base";
import { recordUnsampled } from "@flagspan/telemetry";
import { afterEach, expect, test } from "vitest";

import { createRig, watched } from "./rig.ts";
import type { Rig, SentEvent } from "./rig.ts";

let rig: Rig;
afterEach(() => rig.close());

const request = (handler: (span: Span) => void): void =>
  rig.tracer.startActiveSpan("request", { root: true }, (span) => {
    handler(span);
    span.end();
  });
const fail = (span: Span, error: Error = new Error("boom")): void => {
  span.recordException(error);
  span.setStatus({ code: SpanStatusCode.ERROR });
};
const sent = async (eventName: string): Promise<readonly SentEvent["attributes"][]> => {
  await rig.telemetry.forceFlush();
  return rig.sent.filter((event) => event.eventName === eventName).map(({ attributes }) => attributes);
};
const outcomes = (): ReturnType<typeof sent> => sent("feature_flag.outcome");
const exposures = (): ReturnType<typeof sent> => sent("feature_flag.exposures");

/** Each starts a request and ends it; `bad` says whether the watched flag is to blame. */
const orders: readonly { title: string; bad: boolean; play: (span: Span) => void }[] = [
  { title: "an exception after the evaluation", bad: true, play: (span) => (read(), fail(span)) },
  { title: "a flag read only in an error handler", bad: false, play: (span) => (fail(span), read()) },
  {
    title: "a flag read in a handler whose parent records the same exception again",
    bad: false,
    play: (span) => {
      const error = new Error("same");
      rig.tracer.startActiveSpan("step", (step) => {
        fail(step, error);
        step.end();
      });
      read();
      fail(span, error);
    },
  },
  {
    title: "a flag read after a step failed without an exception, whose failure the request repeats",
    bad: false,
    play: (span) => {
      rig.tracer.startActiveSpan("step", (step) => {
        step.setStatus({ code: SpanStatusCode.ERROR });
        step.end();
      });
      read();
      span.setStatus({ code: SpanStatusCode.ERROR });
    },
  },
  {
    title: "a flag read after an exception was logged, in a request that ends as 500",
    bad: false,
    play: (span) => {
      rig.loggerProvider.getLogger("app").emit({
        body: "failed",
        attributes: { "exception.type": "Error", "exception.message": "boom" },
      });
      read();
      span.setAttribute("http.response.status_code", 500);
    },
  },
  {
    title: "a second, different exception after a handled one",
    bad: true,
    play: (span) => {
      span.recordException(new Error("handled"));
      read();
      fail(span, new Error("fatal"));
    },
  },
  {
    title: "an exception between two evaluations of the flag",
    bad: true,
    play: (span) => (read(), fail(span), read()),
  },
  {
    title: "a response of 503",
    bad: true,
    play: (span) => (read(), span.setAttribute("http.response.status_code", 503)),
  },
  {
    title: "a response of 404",
    bad: false,
    play: (span) => (read(), span.setAttribute("http.response.status_code", 404)),
  },
  {
    title: "an exception that was handled",
    bad: false,
    play: (span) => (read(), span.recordException(new Error("x"))),
  },
];
const read = (): void => rig.evaluate("dark-mode", watched("unit-1"));

for (const { title, bad, play } of orders) {
  test(`${title} is ${bad ? "" : "not "}a bad outcome`, async () => {
    rig = createRig();
    request(play);
    expect(await outcomes()).toHaveLength(bad ? 1 : 0);
  });
}

test("a unit's failures count once per flag, stage and kind", async () => {
  rig = createRig();
  const failing = (unit: string, stage: string): void =>
    request((span) => {
      rig.evaluate("dark-mode", watched(unit, "on", { rollout: `r-42/${stage}` }));
      fail(span);
    });
  for (const unit of ["a", "a", "b", "a", "b"]) failing(unit, "1");
  failing("a", "2");
  const seen = (await outcomes()).map((event) => [
    event["feature_flag.context.id"],
    event["feature_flag.rollout.stage"],
  ]);
  expect(seen).toEqual([
    ["a", "1"],
    ["b", "1"],
    ["a", "2"],
  ]);
});

test("only the exact arms of a rollout are watched: twins, other variants and foreign flags are not", async () => {
  rig = createRig();
  const details = [
    watched("twin", "on.fixed"),
    watched("other", "blue"),
    { variant: "on", flagMetadata: { contextId: "plain" } },
    watched("bad-rollout", "on", { rollout: "no-slash" }),
    watched("treated", "on"),
    watched("controlled", "off"),
  ];
  for (const one of details) {
    request((span) => {
      rig.evaluate("dark-mode", one);
      fail(span);
    });
  }
  const arms = (await outcomes()).map((event) => [
    event["feature_flag.context.id"],
    event["feature_flag.rollout.arm"],
  ]);
  expect(arms).toEqual([
    ["treated", "treatment"],
    ["controlled", "control"],
  ]);
});

test("slow judges the unit's first request after exposure, from the evaluation on, against each bound", async () => {
  let now = 0;
  rig = createRig({ clock: { nowMs: () => 0, monotonicMs: () => now } });
  const slowRequest = (unit: string, beforeMs: number, afterMs: number): void =>
    request(() => {
      now += beforeMs;
      rig.evaluate("dark-mode", watched(unit));
      now += afterMs;
    });
  slowRequest("quick", 5_000, 10);
  slowRequest("quick", 0, 5_000);
  slowRequest("slow", 0, 300);
  slowRequest("slower", 0, 901);
  const bounds = (await outcomes()).map((event) => [
    event["feature_flag.context.id"],
    event["feature_flag.outcome.kind"],
    event["feature_flag.outcome.bound_ms"],
  ]);
  expect(bounds).toEqual([
    ["slow", "slow", 250],
    ["slower", "slow", 250],
    ["slower", "slow", 900],
  ]);
});

test("isBad replaces the rule, and one that throws falls back to it", async () => {
  rig = createRig({
    isBad: (span) => {
      if (span.name === "throws") throw new Error("isBad");
      return span.attributes?.["app.failed"] === true;
    },
  });
  const play = (name: string, unit: string, act: (span: Span) => void): void =>
    rig.tracer.startActiveSpan(name, { root: true }, (span) => {
      rig.evaluate("dark-mode", watched(unit));
      act(span);
      span.end();
    });
  play("request", "a", (span) => fail(span));
  play("request", "b", (span) => span.setAttribute("app.failed", true));
  play("throws", "c", (span) => fail(span));
  const units = (await outcomes()).map((event) => event["feature_flag.context.id"]);
  expect(units).toEqual(["b", "c"]);
});

test("an uncaught exception is a bad outcome at once, without waiting for the span to end", async () => {
  rig = createRig();
  rig.tracer.startActiveSpan("request", (span) => {
    rig.evaluate("dark-mode", watched("unit-1"));
    rig.telemetry.recordUncaught(new RangeError("out"));
    span.end();
  });
  expect((await outcomes()).map((event) => event["error.type"])).toEqual(["RangeError"]);
});

test("sampled-out requests count under recordUnsampled", async () => {
  rig = createRig({ sampler: () => recordUnsampled(new AlwaysOffSampler()) });
  request((span) => {
    read();
    fail(span);
  });
  expect(await outcomes()).toHaveLength(1);
  expect(await exposures()).toHaveLength(1);
});

test("10,000 error logs and as many failing requests lose no outcome", async () => {
  const requests: number[] = [];
  rig = createRig({
    fetch: (_url, init) => {
      requests.push(init.body.length);
      if (requests.length % 3 === 0) return Promise.resolve({ ok: false, status: 503 });
      units.push(...unitsOf(init.body));
      return Promise.resolve({ ok: true, status: 200 });
    },
  });
  const units: string[] = [];
  const unitsOf = (body: string): string[] =>
    [...body.matchAll(/"feature_flag\.context\.id","value":\{"stringValue":"(?<unit>[^"]+)"/gu)].map(
      (match) => match.groups?.["unit"] ?? "",
    );
  const logger = rig.loggerProvider.getLogger("app");
  const error = new Error("boom");
  for (let index = 0; index < 10_000; index += 1) {
    request((span) => {
      rig.evaluate("dark-mode", watched(`unit-${index}`));
      logger.emit({ body: "failed", severityNumber: SeverityNumber.ERROR });
      fail(span, error);
    });
  }
  for (let attempt = 0; attempt < 30; attempt += 1) await rig.telemetry.forceFlush();
  expect(new Set(units).size).toBe(10_000);
  expect(units).toHaveLength(10_000);
  expect(rig.telemetry.dropped().get("outcome_queue") ?? 0).toBe(0);
});

test("a fast lane that stays broken keeps everything, tells what it gives up at the end, and never reaches the app", async () => {
  rig = createRig({ fetch: () => Promise.reject(new Error("no route")) });
  request((span) => {
    read();
    fail(span);
  });
  for (let attempt = 0; attempt < 30; attempt += 1) await rig.telemetry.forceFlush();
  expect([...rig.telemetry.dropped()]).toEqual([]);
  await rig.telemetry.shutdown();
  expect([...rig.telemetry.dropped()]).toEqual([["outcome_send", 2]]);
});

test("exposures name a new unit once, thin both arms of a busy second alike, and keep the sample nested", async () => {
  rig = createRig();
  for (let unit = 0; unit < 1_000; unit += 1) {
    for (let visit = 0; visit < 2; visit += 1) rig.evaluate("dark-mode", watched(`t${unit}`));
    if (unit % 10 === 0) rig.evaluate("dark-mode", watched(`c${unit}`, "off"));
  }
  const [treatment, control] = await exposures();
  expect(treatment).toMatchObject({
    "feature_flag.exposures.sample": 32,
    "feature_flag.exposures.count": 1_000,
  });
  expect(control).toMatchObject({ "feature_flag.exposures.sample": 32, "feature_flag.exposures.count": 100 });
  const sampled = treatment?.["feature_flag.exposures.units"] as readonly string[];
  expect(sampled.length).toBeGreaterThan(10);
  expect(sampled.length).toBeLessThan(60);

  rig.sent.length = 0;
  for (const unit of sampled) rig.evaluate("dark-mode", watched(unit, "on", { rollout: "r-42/3" }));
  const [again] = await exposures();
  expect(again?.["feature_flag.exposures.units"]).toEqual(sampled);
  expect(again?.["feature_flag.exposures.sample"]).toBe(1);
});

test("outcomes without a unit are bounded per flush, and nothing of them is lost silently", async () => {
  rig = createRig();
  for (let index = 0; index < 100; index += 1) {
    request((span) => {
      rig.evaluate("dark-mode", watched(undefined));
      fail(span);
    });
  }
  expect(await outcomes()).toHaveLength(20);
  expect(rig.telemetry.dropped().get("outcome_without_unit")).toBe(80);
});

test("what is held is sent on shutdown, once", async () => {
  rig = createRig();
  request((span) => {
    read();
    fail(span);
  });
  await Promise.all([rig.telemetry.shutdown(), rig.telemetry.shutdown()]);
  await rig.telemetry.shutdown();
  expect(rig.sent.map(({ eventName }) => eventName).sort()).toEqual([
    "feature_flag.exposures",
    "feature_flag.outcome",
  ]);
});

test("outcomes: false reports nothing, and evaluations without a span still expose", async () => {
  rig = createRig({ outcomes: false });
  request((span) => {
    read();
    fail(span);
  });
  await rig.telemetry.forceFlush();
  expect(rig.sent).toEqual([]);
  await rig.close();
  rig = createRig();
  context.with(ROOT_CONTEXT, read);
  expect(await exposures()).toHaveLength(1);
});
