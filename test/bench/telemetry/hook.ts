import { ROOT_CONTEXT, context, trace } from "@opentelemetry/api";
import type { FlagTelemetry } from "@flagspan/telemetry";
import type { FlagHookContext, FlagHookDetails } from "@flagspan/telemetry";

import { MIN_PAIRS, rowOfSamples } from "../measure.ts";
import type { BenchOptions, BenchRow } from "../measure.ts";
import { createTelemetry, createTracer, flagNames } from "./apps.ts";
import { bytesPerCall, nanosPerCall } from "./timing.ts";

const flagsPerRequest = 10;

/** The hook measured directly, in requests of ten different flags each: what one evaluation adds. */
export async function* hookRows({ smoke }: BenchOptions): AsyncIterable<BenchRow> {
  const cases = [
    {
      name: "finally: scope + counters",
      telemetry: createTelemetry({ events: "off" }),
      ns: 2_000,
      bytes: 1_000,
    },
    {
      name: "finally: scope + counters, watched flags",
      telemetry: createTelemetry({ events: "off" }),
      ns: 2_000,
      bytes: 1_000,
      watched: {
        rollout: "r-1/2",
        rolloutTreatment: "on",
        rolloutControl: "off",
        contextId: "kX9vQ2mT4nB7wYzE",
      },
    },
    { name: "finally: default options", telemetry: createTelemetry(), ns: 8_000, bytes: undefined },
  ];
  for (const { name, telemetry, ns, bytes, watched = {} } of cases) {
    const evaluations = createEvaluations(telemetry, watched);
    const rounds = smoke ? 3 : MIN_PAIRS;
    const calls = smoke ? 20 : 2_000;
    evaluations.run(calls * 2);
    const times = Array.from({ length: rounds }, () => evaluations.run(calls));
    yield rowOfSamples({ bench: "telemetry", case: name, peerName: "limit", unit: "ns", goal: 1 }, times, ns);
    if (bytes !== undefined) {
      const sizes = Array.from({ length: rounds }, () => evaluations.weigh(smoke ? 20 : 200));
      yield rowOfSamples(
        { bench: "telemetry", case: `${name}, allocated`, peerName: "limit", unit: "bytes", goal: 1 },
        sizes,
        bytes,
      );
    }
    await telemetry.shutdown();
  }
}

interface Evaluations {
  /** Nanoseconds per evaluation over `requests` requests. */
  run(requests: number): number;
  /** Bytes per evaluation over `requests` requests, without the spans they belong to. */
  weigh(requests: number): number;
}

function createEvaluations(telemetry: FlagTelemetry, watched: Record<string, string>): Evaluations {
  const tracer = createTracer([telemetry.spanProcessor]);
  const evaluated = telemetry.hook.finally.bind(telemetry.hook);
  const calls = flagNames(flagsPerRequest).map((flagKey): readonly [FlagHookContext, FlagHookDetails] => [
    { flagKey, context: { targetingKey: "user-1" }, providerMetadata: { name: "bench" } },
    {
      value: true,
      variant: "on",
      reason: "TARGETING_MATCH",
      flagMetadata: { flagSetId: "shop.prod", version: "12", ...watched },
    },
  ]);
  const measure = (requests: number, meter: (work: () => void, calls: number) => number): number => {
    const spans = Array.from({ length: requests }, () => tracer.startSpan("request", {}, ROOT_CONTEXT));
    const contexts = spans.map((span) => trace.setSpan(ROOT_CONTEXT, span));
    let next = 0;
    const request = (): void => {
      const ctx = contexts[next];
      next += 1;
      if (ctx === undefined) return;
      context.with(ctx, () => {
        for (const [hookContext, details] of calls) evaluated(hookContext, details);
      });
    };
    const perRequest = meter(request, requests);
    for (const span of spans) span.end();
    return perRequest / flagsPerRequest;
  };
  return {
    run: (requests) => measure(requests, nanosPerCall),
    weigh: (requests) => measure(requests, bytesPerCall),
  };
}
