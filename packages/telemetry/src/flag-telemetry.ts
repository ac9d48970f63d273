import { context, trace } from "@opentelemetry/api";
import type { Context, TextMapPropagator } from "@opentelemetry/api";

import { fastLaneEndpoint, platformEnvironment } from "./fast-lane/endpoint.ts";
import { FlushTimer } from "./fast-lane/flush-timer.ts";
import type { FastLaneEvent } from "./fast-lane/otlp-json.ts";
import { FastLaneSender } from "./fast-lane/sender.ts";
import type { FastLaneRequest } from "./fast-lane/sender.ts";
import { SourceReader } from "./fast-lane/source.ts";
import { DropCounts } from "./health/drop-counts.ts";
import type { DropReason } from "./health/drop-counts.ts";
import { EvaluationEvents } from "./hook/evaluation-event.ts";
import { EvaluationHook } from "./hook/evaluation-hook.ts";
import type { FlagHook } from "./hook/flag-hook.ts";
import { EvaluationCounts } from "./metrics/evaluation-counts.ts";
import { Instruments } from "./metrics/instruments.ts";
import { attributeNames } from "./naming/attribute-names.ts";
import { ScopeTags } from "./naming/scope-tags.ts";
import type { FlagTelemetryOptions } from "./options.ts";
import { systemClock } from "./otel/clock.ts";
import { emitThroughLogger } from "./otel/emit-through-logger.ts";
import { scopeName, scopeVersion } from "./otel/instrumentation-scope.ts";
import type { FlagLogRecordProcessor, FlagSpanProcessor, SdkSpanState } from "./otel/sdk-shapes.ts";
import { noteLoggedException, noteOpenFailures } from "./outcomes/failure-order.ts";
import { OutcomeTracker } from "./outcomes/outcome-tracker.ts";
import { RequestOutcomes } from "./outcomes/request-outcomes.ts";
import { subjectReader } from "./privacy/subject.ts";
import { BulkWriter } from "./processors/bulk-writer.ts";
import { TaggingLogProcessor } from "./processors/log-processor.ts";
import { TaggingSpanProcessor } from "./processors/span-processor.ts";
import { FlagPropagator, incomingFlags } from "./propagation/flag-propagator.ts";
import { IncomingEntries } from "./propagation/incoming-entries.ts";
import { liveSpanOf, registerScopeFinder, scopeOf } from "./scope/active-scope.ts";
import { scopeCapacity } from "./scope/flag-scope.ts";
import { LiveSpans } from "./scope/live-spans.ts";
import { WatchedArms } from "./scope/watched-arm.ts";

/** The pieces to hand to OpenFeature and to the OpenTelemetry SDK, 2.x or 3.x. */
export interface FlagTelemetry {
  /** For `OpenFeature.addHooks(hook)`, server or web SDK. */
  readonly hook: FlagHook;
  /** For `spanProcessors`, anywhere in the list. */
  readonly spanProcessor: FlagSpanProcessor;
  /** For `logRecordProcessors`, before the exporting one. */
  readonly logRecordProcessor: FlagLogRecordProcessor;
  /** For the composite propagator, last in the list. */
  readonly propagator: TextMapPropagator;
  /** Binds the instruments to the global meter provider; happens by itself at the first evaluation after it is set. */
  bindMetrics(): void;
  /** Reports an exception that nobody caught as the active request's bad outcome. */
  recordUncaught(error: unknown): void;
  /**
   * Takes what waits in the fast lane, up to one batch, as a request to be POSTed by other means: for a process that is
   * about to die and cannot wait. The preload does it at an uncaught exception. Never throws.
   */
  handOver(): FastLaneRequest | undefined;
  /** What was given up to stay within the budgets, by reason; also the metric `feature_flag.telemetry.dropped`. */
  dropped(): ReadonlyMap<DropReason, number>;
  /** Sends what the fast lane holds. Never rejects. */
  forceFlush(): Promise<void>;
  /** Sends what is held and stops; calling it again changes nothing. Never rejects. */
  shutdown(): Promise<void>;
}

/** How often the fast lane is flushed while it holds something. */
const flushIntervalMs = 1_000;

/** Creates the pieces of one process. No option and no state of the app makes it throw. */
export function createFlagTelemetry(options: FlagTelemetryOptions = {}): FlagTelemetry {
  const names = attributeNames(options.namespace);
  const clock = options.clock ?? systemClock;
  const maxFlags = Math.min(countOf(options.maxFlags, 32), scopeCapacity);
  const drops = new DropCounts();
  const env = platformEnvironment();
  const source = new SourceReader(options.resource ?? {}, env);
  const spans = new LiveSpans(countOf(options.maxLiveSpans, 50_000), () => drops.count("live_spans"));
  const tags = new ScopeTags(options.naming ?? "per-flag", maxFlags, drops);
  const writer = new BulkWriter(typeof options.naming !== "function", drops);
  const counts = new EvaluationCounts(drops);
  const instruments = new Instruments({
    names,
    drops,
    counts,
    scopeName,
    scopeVersion,
    meterProvider: options.meterProvider,
  });
  const findScope = (ctx: Context) => scopeOf(spans, ctx);

  const sender = new FastLaneSender({
    ...fastLaneEndpoint(options.guardEndpoint, options.guardHeaders, env),
    fetch: options.fetch ?? ((url, init) => globalThis.fetch(url, init)),
    source: () => source.read(),
    drops,
    clock,
  });
  const isOn = options.outcomes !== false && env["OTEL_SDK_DISABLED"] !== "true";
  let stopped: Promise<void> | undefined;
  const queue = (event: FastLaneEvent): void => {
    if (stopped !== undefined) {
      drops.count("outcome_send");
      return;
    }
    if (options.outcomesThroughLogger === true) {
      if (!emitThroughLogger(event, options.loggerProvider)) drops.count("outcome_send");
    } else sender.add(event);
    timer.wake();
  };
  const tracker = new OutcomeTracker({
    names,
    clock,
    drops,
    source: "server",
    maxUnits: countOf(options.maxUnits, 50_000),
    queue,
  });
  const requests = new RequestOutcomes({
    tracker,
    clock,
    drops,
    isBad: options.isBad,
    duration: (entry, seconds, outcome) => instruments.recordDuration(entry, seconds, outcome),
  });
  const flushExposures = (): void => {
    try {
      tracker.flushExposures();
    } catch {
      drops.count("outcome_queue");
    }
  };
  const forceFlush = async (): Promise<void> => {
    instruments.bind();
    flushExposures();
    await sender.flush();
  };
  const timer = new FlushTimer(flushIntervalMs, () => {
    void forceFlush().then(() => {
      if (sender.queued > 0) timer.wake();
    });
  });
  const unregister = registerScopeFinder(findScope);
  const finish = async (): Promise<void> => {
    flushExposures();
    timer.stop();
    await sender.finish();
    unregister();
    spans.clear();
  };
  const shutdown = (): Promise<void> => (stopped ??= finish());

  const expose: OutcomeTracker["expose"] = (...exposure) => {
    if (!isOn || stopped !== undefined) return false;
    timer.wake();
    return tracker.expose(...exposure);
  };
  const incoming = new IncomingEntries(clock, options.publicEdge === true ? "claim" : "baggage");
  const spanProcessor = new TaggingSpanProcessor({
    spans,
    tags,
    writer,
    names,
    drops,
    binding: options.binding ?? "late",
    listener: {
      spanEnded: (live, span) => {
        if (live.parent === undefined) source.see((span as SdkSpanState).resource?.attributes);
        if (isOn) requests.spanEnded(live, span);
      },
    },
    incoming: (ctx) => {
      const told = incomingFlags(ctx);
      if (told === undefined) return [];
      const entries = incoming.read(told);
      for (const { key, variant, watch, unit, setId } of entries) {
        if (watch !== undefined) expose(key, variant, watch, unit, setId);
      }
      return entries;
    },
    forceFlush,
    shutdown,
  });
  const hook = new EvaluationHook({
    clock,
    drops,
    counts,
    arms: new WatchedArms(),
    subject: subjectReader(options.subjectKey),
    events: new EvaluationEvents({
      policy: options.events ?? "first-per-scope",
      spanEvents: options.spanEvents ?? false,
      names,
      drops,
      scopeName,
      scopeVersion,
      loggerProvider: options.loggerProvider,
    }),
    findScope,
    beforeWatched: (ctx) => noteOpenFailures(liveSpanOf(spans, ctx)),
    expose,
    changed: (key) => spanProcessor.evaluated(key),
    active: () => instruments.bind(),
  });

  return {
    hook,
    spanProcessor,
    logRecordProcessor: new TaggingLogProcessor({
      spans,
      tags,
      drops,
      logged: noteLoggedException,
      forceFlush,
      shutdown,
    }),
    propagator: new FlagPropagator({
      allow: options.baggage?.allow ?? [],
      trust: options.trustBaggage ?? false,
      maxKeys: maxFlags,
      drops,
      findScope,
    }),
    bindMetrics: () => instruments.bind(),
    recordUncaught: (error) => {
      try {
        const ctx = context.active();
        const scope = findScope(ctx);
        const errorType = error instanceof Error ? error.name : "_OTHER";
        if (scope !== undefined && isOn) requests.uncaught(scope, errorType, trace.getSpanContext(ctx) ?? {});
      } catch {
        drops.count("hook_error");
      }
    },
    handOver: () => {
      flushExposures();
      try {
        return sender.handOver();
      } catch {
        drops.count("outcome_send");
        return undefined;
      }
    },
    dropped: () => drops.read(),
    forceFlush,
    shutdown,
  };
}

/** A bound that is no number (`Number(undefined)`, say) would bound nothing: it is the default. At least 1. */
function countOf(given: number | undefined, usual: number): number {
  return given === undefined || Number.isNaN(given) ? usual : Math.max(1, given);
}
