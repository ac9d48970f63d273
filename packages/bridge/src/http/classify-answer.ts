import type { Outcome } from "../sinks/sink.ts";
import type { HttpAnswer } from "./sender.ts";

/**
 * Statuses that speak of the sender's configuration or the moment, not of the change: they are retried for ever, because a wrong token
 * or a missing route is put right one day, and what was dead-lettered by then would be missed. Everything else in 4xx is about the
 * request itself.
 */
const retried: ReadonlySet<number> = new Set([401, 403, 404, 405, 407, 408, 409, 421, 425, 429]);

/** Decides what an answer means for the changes that were sent. `together`: they were more than one. */
export function classifyAnswer(answer: HttpAnswer, host: string, nowMs: number, together: boolean): Outcome {
  const { status } = answer;
  if (status >= 200 && status < 300) return { kind: "delivered" };
  const reason = `${host} answered ${status}`;
  if (status >= 400 && status < 500 && !retried.has(status)) return { kind: "refused", reason, together };
  const afterMs = readRetryAfter(answer.headers["retry-after"], nowMs);
  return { kind: "retry", reason, ...(afterMs === undefined ? {} : { afterMs }) };
}

/** `Retry-After` in milliseconds: seconds or an HTTP date (RFC 9110 §10.2.3). */
function readRetryAfter(header: string | undefined, nowMs: number): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d+$/.test(header.trim())) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - nowMs);
}
