import { promisify } from "node:util";
import { gzip } from "node:zlib";
import type { FlagChange } from "@flagspan/ruleset/change";
import type { ChangeNaming } from "../change/attributes.ts";
import { countChanges } from "../change/count.ts";
import { changeToLogRecord, type ChangeTeller } from "../change/log-record.ts";
import { changeToSpan } from "../change/span.ts";
import { classifyAnswer } from "../http/classify-answer.ts";
import { type AllowPrivate, plainlyPrivateHosts } from "../http/network-policy.ts";
import { createHttpSender, type HttpAnswer } from "../http/sender.ts";
import { type Attributes, encodeLogs, encodeMetrics, encodeTraces } from "../otlp/index.ts";
import { notificationToLogRecord } from "../notifications/log-record.ts";
import type { Notification } from "../notifications/notification.ts";
import type { DeliveryContext, Outcome, Sink } from "./sink.ts";

/** Where and how changes are sent over OTLP/HTTP. */
export interface OtlpSinkOptions extends ChangeNaming {
  /** Base URL: `/v1/logs`, `/v1/traces` and `/v1/metrics` are appended. */
  readonly endpoint: string;
  /** Sent with every request; an API key goes here. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Resource attributes of the bridge as a service; `service.name` is "flagspan" where it is not given. */
  readonly resource?: Attributes;
  /** "otlp" by default; must be stable. */
  readonly name?: string;
  /** All three by default. Backends without traces or metrics answer 404 there, which is taken for an answer. */
  readonly signals?: readonly Signal[];
  /** "gzip" by default. */
  readonly compression?: "gzip" | "none";
  /** Changes in one request; 256 by default. */
  readonly batchSize?: number;
  readonly timeoutMs?: number;
  /** By default the endpoint's host, if it is plainly private (an IP address, `localhost`, a container's name). */
  readonly allowPrivate?: AllowPrivate;
}

/** The signals of OTLP that a change is told in. */
export type Signal = "logs" | "traces" | "metrics";

const gzipAsync = promisify(gzip);
const scope = { name: "@flagspan/bridge", version: "0.1.0" };
const unsupported: ReadonlySet<number> = new Set([404, 405, 501]);

/**
 * Creates a sink that tells each change as a log event, a span and a count, as OTLP/JSON. The log event is the record of truth: a
 * backend that has no route for traces or metrics is sent logs alone. Where a batch is accepted in part, its changes are sent again one
 * by one, once, so that the one at fault is found.
 */
export function otlpSink(options: OtlpSinkOptions): Sink {
  const base = options.endpoint.replace(/\/+$/, "");
  const host = new URL(base).host;
  const signals = options.signals ?? ["logs", "traces", "metrics"];
  const sender = createHttpSender({
    allowPrivate: options.allowPrivate ?? plainlyPrivateHosts(base),
    ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
  });
  const teller: ChangeTeller = {
    ...(options.namespace === undefined ? {} : { namespace: options.namespace }),
    ...(options.environments === undefined ? {} : { environments: options.environments }),
    resource: { "service.name": "flagspan", ...options.resource },
    scope,
  };
  // A batch that is tried again is not sent again under the signals that took it.
  const taken = { batch: "", signals: new Set<Signal>() };
  let countedUntilMs: number | undefined;

  const encoders: Readonly<Record<Signal, (changes: readonly FlagChange[], nowMs: number) => string>> = {
    logs: (changes, nowMs) => encodeLogs(changes.map((change) => changeToLogRecord(change, teller, nowMs))),
    traces: (changes) => encodeTraces(changes.map((change) => changeToSpan(change, teller))),
    metrics(changes, nowMs) {
      // Spans of time of a delta series must neither overlap nor be empty.
      const startMs = countedUntilMs ?? nowMs - 1;
      countedUntilMs = Math.max(nowMs, startMs + 1);
      return encodeMetrics(countChanges(changes, teller, startMs, countedUntilMs));
    },
  };

  async function post(signal: Signal, body: string, signalAborted: AbortSignal): Promise<HttpAnswer> {
    const compress = options.compression !== "none";
    return sender.send({
      url: `${base}/v1/${signal}`,
      method: "POST",
      headers: {
        ...options.headers,
        "content-type": "application/json",
        ...(compress ? { "content-encoding": "gzip" } : {}),
      },
      body: compress ? await gzipAsync(body) : body,
      signal: signalAborted,
    });
  }

  async function deliver(
    changes: readonly FlagChange[],
    context: DeliveryContext,
  ): Promise<readonly Outcome[]> {
    const batch = changes.map((change) => change.id).join("\n");
    if (taken.batch !== batch) {
      taken.batch = batch;
      taken.signals.clear();
    }
    for (const signal of signals) {
      if (taken.signals.has(signal)) continue;
      const answer = await post(signal, encoders[signal](changes, context.nowMs), context.signal);
      if (signal !== "logs" && unsupported.has(answer.status)) continue;
      const outcome = judge(answer, host, context.nowMs, changes.length > 1);
      if (outcome.kind !== "delivered") return changes.map(() => outcome);
      taken.signals.add(signal);
    }
    return changes.map(() => ({ kind: "delivered" }));
  }

  async function notify(
    notifications: readonly Notification[],
    context: DeliveryContext,
  ): Promise<readonly Outcome[]> {
    const records = notifications.map((each) => notificationToLogRecord(each, teller, context.nowMs));
    const answer = await post("logs", encodeLogs(records), context.signal);
    const outcome = judge(answer, host, context.nowMs, notifications.length > 1);
    return notifications.map(() => outcome);
  }

  return {
    name: options.name ?? "otlp",
    batchSize: options.batchSize ?? 256,
    deliver,
    ...(signals.includes("logs") ? { notify } : {}),
    close: () => sender.close(),
  };
}

/** A success that rejects records is none (OTLP: partial success must not be retried as it is). */
function judge(answer: HttpAnswer, host: string, nowMs: number, together: boolean): Outcome {
  const outcome = classifyAnswer(answer, host, nowMs, together);
  if (outcome.kind !== "delivered") return outcome;
  const rejected = countRejected(answer.body);
  return rejected === 0
    ? outcome
    : { kind: "refused", reason: `${host} rejected ${rejected} of the records`, together };
}

function countRejected(body: string): number {
  if (!body.includes("artialSuccess") && !body.includes("artial_success")) return 0;
  try {
    const answer: unknown = JSON.parse(body);
    const partial = field(answer, "partialSuccess") ?? field(answer, "partial_success");
    const counts = ["rejectedLogRecords", "rejectedSpans", "rejectedDataPoints"];
    return Math.max(0, ...counts.map((name) => Number(field(partial, name) ?? 0)).filter(Number.isFinite));
  } catch {
    // An answer that is not JSON says nothing about rejected records; its 2xx stands.
    return 0;
  }
}

function field(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}
