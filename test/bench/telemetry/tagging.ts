import { ROOT_CONTEXT } from "@opentelemetry/api";

import { MIN_PAIRS, rowOfPairs, takePairs } from "../measure.ts";
import type { BenchOptions, BenchRow } from "../measure.ts";
import { baggagePeer, createTelemetry, createTracer, flaggedParent, flagNames } from "./apps.ts";
import { nanosPerCall } from "./timing.ts";

/** Creating and ending a span: ours tagging it, beside attributes set by hand, baggage, and a bare span. */
export async function* taggingRows({ smoke }: BenchOptions): AsyncIterable<BenchRow> {
  const rounds = smoke ? 3 : MIN_PAIRS * 2;
  const calls = smoke ? 200 : 10_000;
  const bareTracer = createTracer([]);
  const bare = (): void => bareTracer.startSpan("work", {}, ROOT_CONTEXT).end();
  for (const count of [1, 5, 20]) {
    const telemetry = createTelemetry({ events: "off" });
    const tracer = createTracer([telemetry.spanProcessor]);
    const parent = flaggedParent(telemetry, tracer, count);
    const ours = (): void => tracer.startSpan("work", {}, parent).end();

    const handTracer = createTracer([]);
    const handParent = flaggedParent(telemetry, handTracer, 0);
    const names = flagNames(count).map((name) => `feature_flags.${name}`);
    const byHand = (): void => {
      const span = handTracer.startSpan("work", {}, handParent);
      for (const name of names) span.setAttribute(name, "on");
      span.end();
    };
    const { processor, parent: baggageParent } = baggagePeer(count);
    const baggageTracer = createTracer([processor]);
    const byBaggage = (): void => baggageTracer.startSpan("work", {}, baggageParent).end();

    for (const work of [ours, byHand, byBaggage, bare]) nanosPerCall(work, calls * 2);
    const against = async (peer: () => void) =>
      takePairs(
        () => nanosPerCall(ours, calls),
        () => nanosPerCall(peer, calls),
        rounds,
      );
    const flags = count === 1 ? "1 flag" : `${count} flags`;
    const row = { bench: "telemetry", unit: "ns" };
    yield rowOfPairs(
      { ...row, case: `span, ${flags}`, peerName: "set by hand", goal: count === 1 ? 1.3 : 1.15 },
      await against(byHand),
    );
    yield rowOfPairs(
      {
        ...row,
        case: `span, ${flags}`,
        peerName: "baggage span processor",
        goal: count === 1 ? 1.3 : 1 / 1.5,
      },
      await against(byBaggage),
    );
    yield rowOfPairs(
      { ...row, case: `span, ${flags}`, peerName: "bare span", goal: count === 20 ? 6 : 3 },
      await against(bare),
    );
    await telemetry.shutdown();
  }
}
