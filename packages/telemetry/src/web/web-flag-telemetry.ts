import { context, trace } from "@opentelemetry/api";

import { withLogsPath } from "../fast-lane/endpoint.ts";
import type { FastLaneEvent } from "../fast-lane/otlp-json.ts";
import { DropCounts } from "../health/drop-counts.ts";
import type { DropReason } from "../health/drop-counts.ts";
import type { FlagHook } from "../hook/flag-hook.ts";
import { attributeNames } from "../naming/attribute-names.ts";
import { selectEntries } from "../naming/select-entries.ts";
import { nameTags } from "../naming/tag-naming.ts";
import type { Tag } from "../naming/tag-naming.ts";
import { emitThroughLogger } from "../otel/emit-through-logger.ts";
import { scopeName, scopeVersion } from "../otel/instrumentation-scope.ts";
import type { FlagLogRecordProcessor, FlagSpanProcessor } from "../otel/sdk-shapes.ts";
import { cleanText } from "../privacy/clean-text.ts";
import { registerScopeFinder } from "../scope/active-scope.ts";
import { describeBrowser } from "./browser.ts";
import type { WebFlagTelemetryOptions } from "./options.ts";
import { createPageHook } from "./page-hook.ts";
import { PageOutcomes } from "./page-outcomes.ts";
import { createPageProcessors } from "./page-processors.ts";
import { pageCapacity, PageScope } from "./page-scope.ts";
import { PageSender } from "./page-sender.ts";
import { readSessionId } from "./session.ts";
import { watchErrors } from "./watch-errors.ts";
import { watchFetch } from "./watch-fetch.ts";
import { watchVitals } from "./watch-vitals.ts";
import { watchXhr } from "./watch-xhr.ts";

/** The pieces to hand to OpenFeature's web SDK and to a web SDK of OpenTelemetry, 2.x or 3.x. */
export interface WebFlagTelemetry {
  /** For `OpenFeature.addHooks(hook)` of `@openfeature/web-sdk`. */
  readonly hook: FlagHook;
  /** For `spanProcessors`, anywhere in the list. */
  readonly spanProcessor: FlagSpanProcessor;
  /** For `processors` of the logger provider, before the exporting one. */
  readonly logRecordProcessor: FlagLogRecordProcessor;
  /** The flags evaluated on this page: key → variant. */
  activeFlags(): Readonly<Record<string, string>>;
  /** What was given up to stay within the budgets, by reason. */
  dropped(): ReadonlyMap<DropReason, number>;
  /** Sends what waits for `guardEndpoint`. Never rejects. */
  forceFlush(): Promise<void>;
  /** Sends what waits and lets go of the page; calling it again changes nothing. Never rejects. */
  shutdown(): Promise<void>;
}

const maxStackLength = 4_096;

/**
 * Makes spans, logs, web vitals and uncaught errors of a page carry its flags, its session and its browser, and reports
 * bad outcomes of watched flags as signals (`source` = `browser`). Call it once, before the page's own code. Neither an
 * option nor a missing browser feature makes it throw.
 */
export function createWebFlagTelemetry(options: WebFlagTelemetryOptions = {}): WebFlagTelemetry {
  const { guardEndpoint, loggerProvider } = options;
  const names = attributeNames(options.namespace);
  const drops = new DropCounts();
  const page = new PageScope();
  const leaving = new AbortController();
  const { signal } = leaving;
  /** Calls what must not reach the page if it throws. */
  const safely = (act: () => void): void => {
    try {
      act();
    } catch {
      drops.count("hook_error");
    }
  };

  const maxFlags = Math.max(1, Math.min(options.maxFlags ?? 32, pageCapacity));
  const browser = describeBrowser(globalThis.navigator?.userAgent ?? "");
  const ownSession = readSessionId();
  const sessionOf = (): string => {
    try {
      return cleanText(options.sessionId?.() ?? ownSession);
    } catch {
      drops.count("mapper_error");
      return ownSession;
    }
  };
  const pageAttributes = (): Record<string, string> => ({
    "session.id": sessionOf(),
    ...browser,
  });
  const tags = (): readonly Tag[] => {
    const selected = selectEntries(page.entries(), maxFlags);
    const flags = nameTags(options.naming ?? "per-flag", selected, () => drops.count("mapper_error"));
    return [...Object.entries(pageAttributes()), ...flags];
  };

  const pageFetch = globalThis.fetch;
  const sender = new PageSender({
    url: withLogsPath(guardEndpoint ?? ""),
    headers: options.guardHeaders ?? {},
    fetch: options.fetch ?? ((url, init) => pageFetch(url, init)),
    source: () => ({ resource: { ...pageAttributes(), ...options.resource }, scopeName, scopeVersion }),
    drops,
  });
  const eventOf = (eventName: string, attributes: FastLaneEvent["attributes"]): FastLaneEvent => ({
    eventName,
    timeUnixMs: Date.now(),
    attributes: { [names.eventName]: eventName, ...attributes },
    ...trace.getSpanContext(context.active()),
  });
  /** What the guard reads: the fast lane where there is one, else the page's loggers. */
  const queueOutcome = (eventName: string, attributes: FastLaneEvent["attributes"]): void => {
    const event = eventOf(eventName, attributes);
    if (guardEndpoint !== undefined) sender.add(event);
    else if (!emitThroughLogger(event, loggerProvider)) drops.count("outcome_send");
  };
  /** What happened on the page: its loggers where it has any, else the fast lane. */
  const report = (eventName: string, attributes: FastLaneEvent["attributes"]): void => {
    const event = eventOf(eventName, { ...Object.fromEntries(tags()), ...attributes });
    if (!emitThroughLogger(event, loggerProvider) && guardEndpoint !== undefined) sender.add(event);
  };
  const outcomes = new PageOutcomes({
    page,
    names,
    drops,
    loadMs: options.slow?.loadMs ?? 4_000,
    inpMs: options.slow?.inpMs ?? 500,
    queue: queueOutcome,
  });
  const forceFlush = (): Promise<void> => sender.flush();

  const undo = [registerScopeFinder(() => page)];
  safely(() => {
    watchErrors(
      (error) =>
        safely(() => {
          outcomes.failed(error.type);
          report("exception", {
            "exception.type": error.type,
            "exception.message": cleanText(error.message),
            "exception.stacktrace": error.stack?.slice(0, maxStackLength),
          });
        }),
      signal,
    );
    const requestFailed = (errorType: string): void => safely(() => outcomes.failed(errorType));
    undo.push(watchFetch(requestFailed));
    watchVitals(
      ({ name, value, id, rating, startedMs }) =>
        safely(() => {
          if (name === "lcp") outcomes.loaded(value);
          if (name === "inp") outcomes.interacted(value, startedMs);
          report("browser.web_vital", {
            "browser.web_vital.name": name,
            "browser.web_vital.value": value,
            "browser.web_vital.id": id,
            "browser.web_vital.rating": rating,
          });
        }),
      (endMs) => safely(() => outcomes.loaded(endMs)),
      signal,
    );
    // On the window, where it bubbles to last: the vitals that become final now have been queued by then.
    addEventListener("visibilitychange", () => document.hidden && void forceFlush(), { signal });
    addEventListener("pagehide", () => void forceFlush(), { signal });
    undo.push(watchXhr(requestFailed));
  });

  const shutdown = (): Promise<void> => {
    leaving.abort();
    for (const step of undo.splice(0)) safely(step);
    return sender.finish();
  };
  const processors = createPageProcessors({ tags, drops, forceFlush, shutdown });
  return {
    hook: createPageHook({
      page,
      names,
      drops,
      policy: options.events ?? "first-per-scope",
      subject: options.subject,
      recorded: (entry) => outcomes.exposed(entry),
      emit: (attributes) => {
        emitThroughLogger(eventOf(names.evaluationEvent, attributes), loggerProvider);
      },
    }),
    spanProcessor: processors.spans,
    logRecordProcessor: processors.logs,
    activeFlags: () => Object.fromEntries(page.entries().map(({ key, variant }) => [key, variant])),
    dropped: () => drops.read(),
    forceFlush,
    shutdown,
  };
}
