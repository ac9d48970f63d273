import { trace } from "@opentelemetry/api";
import type { Context, Tracer } from "@opentelemetry/api";
import type { FlagTelemetry } from "@flagspan/telemetry";

import { MIN_PAIRS, rowOfPairs, takePairs } from "../measure.ts";
import type { BenchOptions, BenchRow } from "../measure.ts";
import { baggagePeer, createTelemetry, createTracer, flaggedParent, flagNames } from "./apps.ts";
import { nanosPerCall } from "./timing.ts";

/** The attributes that an app's span has of its own. */
const ownAttributes = [
  "http.request.method",
  "http.route",
  "url.path",
  "url.scheme",
  "server.address",
  "app.cart",
];

/**
 * Creating and ending a span: ours tagging it, beside attributes set by hand, baggage, and a bare span. "1.5× cheaper than
 * the baggage span processor" is read as what a processor adds to a span. The whole span is printed as well, with the
 * goal of being cheaper at all: a bare span alone is more than two thirds of the peer's at five flags, so a whole span
 * cannot be 1.5× cheaper there, whatever tagging costs.
 */
export async function* taggingRows({ smoke }: BenchOptions): AsyncIterable<BenchRow> {
  const rounds = smoke ? 3 : MIN_PAIRS * 2;
  const calls = smoke ? 200 : 5_000;
  for (const own of [0, ownAttributes.length]) {
    for (const count of [1, 5, 20]) {
      const spans = createSpans(count, ownAttributes.slice(0, own));
      for (const work of [spans.ours, spans.byHand, spans.byBaggage, spans.bare])
        nanosPerCall(work, calls * 4);
      const against = async (peer: () => void) =>
        takePairs(
          () => nanosPerCall(spans.ours, calls),
          () => nanosPerCall(peer, calls),
          rounds,
        );
      const row = {
        bench: "telemetry",
        unit: "ns",
        case: `span with ${own} own attributes, ${count} ${count === 1 ? "flag" : "flags"}`,
      };
      const isGoal = count > 1;
      yield rowOfPairs(
        { ...row, peerName: "set by hand", goal: isGoal ? 1.15 : 1.5 },
        await against(spans.byHand),
      );
      yield rowOfPairs({ ...row, peerName: "bare span", goal: 4 }, await against(spans.bare));
      const added = (work: () => void) => (): number => {
        const bare = nanosPerCall(spans.bare, calls);
        return nanosPerCall(work, calls) - bare;
      };
      yield rowOfPairs(
        {
          ...row,
          case: `${row.case}: what it adds to a bare one`,
          peerName: "baggage span processor",
          goal: isGoal ? 1 / 1.5 : 1.5,
        },
        await takePairs(added(spans.ours), added(spans.byBaggage), rounds),
      );
      yield rowOfPairs(
        { ...row, case: `${row.case}: the whole span`, peerName: "baggage span processor", goal: 1 },
        await against(spans.byBaggage),
      );
      await spans.telemetry.shutdown();
    }
  }
}

interface Spans {
  readonly telemetry: FlagTelemetry;
  readonly ours: () => void;
  readonly byHand: () => void;
  readonly byBaggage: () => void;
  readonly bare: () => void;
}

function createSpans(count: number, own: readonly string[]): Spans {
  const telemetry = createTelemetry({ events: "off" });
  const tracer = createTracer([telemetry.spanProcessor]);
  const plain = createTracer([]);
  const { processor, parent: baggageParent } = baggagePeer(count);
  const baggageTracer = createTracer([processor]);
  const parent = flaggedParent(telemetry, tracer, count);
  const plainParent = flaggedParent(telemetry, plain, 0);
  const names = flagNames(count).map((name) => `feature_flags.${name}`);
  const work = (by: Tracer, ctx: Context, tags: readonly string[]) => (): void => {
    const span = by.startSpan("work", {}, ctx);
    for (const name of own) span.setAttribute(name, "value");
    for (const name of tags) span.setAttribute(name, "on");
    span.end();
  };
  return {
    telemetry,
    ours: work(tracer, parent, []),
    byHand: work(plain, plainParent, names),
    byBaggage: work(baggageTracer, trace.setSpan(baggageParent, baggageTracer.startSpan("request")), []),
    bare: work(plain, plainParent, []),
  };
}
