import { ROOT_CONTEXT } from "@opentelemetry/api";
import { AlwaysOffSampler } from "@opentelemetry/sdk-trace-base";
import { recordUnsampled } from "@flagspan/telemetry";

import { MIN_PAIRS, rowOfPairs, takePairs } from "../measure.ts";
import type { BenchOptions, BenchRow } from "../measure.ts";
import { createTelemetry, createTracer } from "./apps.ts";
import { nanosPerCall } from "./timing.ts";

/** A span that is sampled out but recorded for its flags, beside a bare span that is sampled. */
export async function* samplerRows({ smoke }: BenchOptions): AsyncIterable<BenchRow> {
  const calls = smoke ? 200 : 10_000;
  const telemetry = createTelemetry();
  const tracer = createTracer([telemetry.spanProcessor], recordUnsampled(new AlwaysOffSampler()));
  const sampledTracer = createTracer([]);
  const ours = (): void => tracer.startSpan("work", {}, ROOT_CONTEXT).end();
  const sampled = (): void => sampledTracer.startSpan("work", {}, ROOT_CONTEXT).end();
  for (const work of [ours, sampled]) nanosPerCall(work, calls * 2);
  const pairs = await takePairs(
    () => nanosPerCall(ours, calls),
    () => nanosPerCall(sampled, calls),
    smoke ? 3 : MIN_PAIRS,
  );
  yield rowOfPairs(
    {
      bench: "telemetry",
      case: "recordUnsampled span",
      peerName: "bare sampled span",
      unit: "ns",
      goal: 1.5,
    },
    pairs,
  );
  await telemetry.shutdown();
}
