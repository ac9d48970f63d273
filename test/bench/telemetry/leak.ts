import { ROOT_CONTEXT, context, trace } from "@opentelemetry/api";

import { rowOfSamples } from "../measure.ts";
import type { BenchOptions, BenchRow } from "../measure.ts";
import { createTelemetry, createTracer } from "./apps.ts";
import { liveBytes } from "./timing.ts";

/** Live heap may grow by this much between the first tenth and the end. */
const limitBytes = 2_000_000;

/** A million requests of different users, one watched flag each: what stays in memory. */
export async function* leakRows({ smoke }: BenchOptions): AsyncIterable<BenchRow> {
  const requests = smoke ? 2_000 : 1_000_000;
  const telemetry = createTelemetry({ events: "off", maxUnits: 10_000 });
  const tracer = createTracer([telemetry.spanProcessor]);
  const evaluated = telemetry.hook.finally.bind(telemetry.hook);
  const request = (user: number): void => {
    const span = tracer.startSpan("request", {}, ROOT_CONTEXT);
    context.with(trace.setSpan(ROOT_CONTEXT, span), () =>
      evaluated(
        { flagKey: "dark-mode", context: { targetingKey: `user-${user}` } },
        {
          value: true,
          variant: "on",
          reason: "SPLIT",
          flagMetadata: {
            contextId: `unit-${user}`,
            rollout: "r/1",
            rolloutTreatment: "on",
            rolloutControl: "off",
          },
        },
      ),
    );
    span.end();
  };
  const play = async (from: number, to: number): Promise<void> => {
    for (let user = from; user < to; user += 1) {
      request(user);
      if (user % 5_000 === 0) await telemetry.forceFlush();
    }
    await telemetry.forceFlush();
  };
  await play(0, requests / 10);
  const before = liveBytes();
  await play(requests / 10, requests);
  const grown = Math.max(0, liveBytes() - before);
  yield rowOfSamples(
    {
      bench: "telemetry",
      case: `live heap grown over ${requests.toLocaleString("en")} requests`,
      peerName: "limit",
      unit: "bytes",
      goal: 1,
    },
    [grown],
    limitBytes,
  );
  await telemetry.shutdown();
}
