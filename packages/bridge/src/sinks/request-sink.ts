import type { FlagChange } from "@flagspan/ruleset/change";
import { classifyAnswer } from "../http/classify-answer.ts";
import type { AllowPrivate } from "../http/network-policy.ts";
import { createHttpSender, type HttpAnswer, type HttpRequest } from "../http/sender.ts";
import type { Notification } from "../notifications/notification.ts";
import { deliverEach } from "./deliver-each.ts";
import type { DeliveryContext, Outcome, Sink } from "./sink.ts";

/** What every sink that makes one request (or a few) for a change can be told. */
export interface RequestSinkOptions {
  /** Must be stable; by default the backend's name. */
  readonly name?: string;
  /** Hosts that may have private addresses; none by default. */
  readonly allowPrivate?: AllowPrivate;
  readonly timeoutMs?: number;
  /** Services by flag key (`*` for all others), for backends that attach a change to services. */
  readonly services?: Readonly<Record<string, readonly string[]>>;
}

/** A request before it is sent. */
export type HttpPost = Omit<HttpRequest, "signal">;

/** What differs between such sinks. */
interface RequestSinkParts {
  readonly defaultName: string;
  /** Writes the requests for a change; with none, the change is delivered as it is. */
  render(change: FlagChange, nowMs: number): readonly HttpPost[];
  /** Writes the requests for a notification, if the backend has a place for it. */
  readonly announce?: (notification: Notification, nowMs: number) => readonly HttpPost[];
  /** What is older than this is refused by the backend, so it becomes a dead letter here. */
  readonly maxAgeMs?: number;
  /** Looks into a 2xx for a failure that its status hides. Returns the reason. */
  findFailure?(answer: HttpAnswer): string | undefined;
}

/** Creates a sink that tells each change by its own requests, flags in parallel, the changes of a flag in order. */
export function createRequestSink(options: RequestSinkOptions, parts: RequestSinkParts): Sink {
  const sender = createHttpSender({
    ...(options.allowPrivate === undefined ? {} : { allowPrivate: options.allowPrivate }),
    ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
  });

  async function deliverOne(
    occurredAt: string,
    requests: readonly HttpPost[],
    context: DeliveryContext,
  ): Promise<Outcome> {
    const ageMs = context.nowMs - Date.parse(occurredAt);
    if (parts.maxAgeMs !== undefined && ageMs > parts.maxAgeMs) {
      const hours = Math.round(parts.maxAgeMs / 3_600_000);
      return { kind: "refused", reason: `older than the ${hours} h that the backend takes`, together: false };
    }
    for (const request of requests) {
      const answer = await sender.send({ ...request, signal: context.signal });
      const host = new URL(request.url).host;
      const outcome = classifyAnswer(answer, host, context.nowMs, false);
      if (outcome.kind !== "delivered") return outcome;
      const failure = parts.findFailure?.(answer);
      if (failure !== undefined) return { kind: "refused", reason: `${host}: ${failure}`, together: false };
    }
    return { kind: "delivered" };
  }

  const { announce } = parts;
  return {
    name: options.name ?? parts.defaultName,
    batchSize: 60,
    deliver: (changes, context) =>
      deliverEach(changes, (change) =>
        deliverOne(change.occurredAt, parts.render(change, context.nowMs), context),
      ),
    ...(announce === undefined
      ? {}
      : {
          notify: (notifications, context) =>
            deliverEach(notifications, (notification) =>
              deliverOne(notification.occurredAt, announce(notification, context.nowMs), context),
            ),
        }),
    close: () => sender.close(),
  };
}

/** The services that a flag is attached to, by configuration. */
export function servicesOf(
  options: RequestSinkOptions,
  change: { readonly flagKey: string },
): readonly string[] {
  const { services = {} } = options;
  if (Object.hasOwn(services, change.flagKey)) return services[change.flagKey] ?? [];
  return services["*"] ?? [];
}

/** A request with a JSON body. */
export function postJson(url: string, headers: Readonly<Record<string, string>>, body: unknown): HttpPost {
  return {
    url,
    method: "POST",
    headers: { ...headers, "content-type": "application/json" },
    body: JSON.stringify(body),
  };
}

/** A text that fits a backend's limit, with an ellipsis where something was cut; never half a character. */
export function fit(text: string, limit: number): string {
  if (text.length <= limit) return text;
  return `${text.slice(0, limit - 1).replace(/[\uD800-\uDBFF]$/, "")}…`;
}
