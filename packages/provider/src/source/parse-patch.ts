import type { JsonValue } from "@flagspan/ruleset";
import type { AppliedChange } from "./source.ts";

/** The body of a `patch` event: what turns revision `from` into revision `to`. */
export interface Patch {
  readonly from: string;
  readonly to: string;
  /** `null` removes the flag. */
  readonly flags: Readonly<Record<string, JsonValue | null>>;
  readonly changes: readonly AppliedChange[];
  /** Of the canonical text of revision `to`, in hex, when the server says it. */
  readonly sha256?: string;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A revision may be sent as text or as a number. */
function readRevision(value: unknown): string | undefined {
  if (typeof value === "string" && value !== "") return value;
  return Number.isSafeInteger(value) ? String(value) : undefined;
}

function readChange(value: unknown): AppliedChange | undefined {
  if (!isObject(value)) return undefined;
  const { id, flagKey, occurredAt } = value;
  if (typeof id !== "string" || typeof flagKey !== "string" || typeof occurredAt !== "string")
    return undefined;
  const occurredAtMs = Date.parse(occurredAt);
  return Number.isNaN(occurredAtMs) ? undefined : { id, flagKey, occurredAtMs };
}

/**
 * Reads a `patch` event; undefined if it is not one.
 *
 * Unknown fields are ignored, and so are changes that cannot be read: they only feed telemetry. A flag that is not
 * even an object or `null` makes the patch unusable, since the sender did not mean any flag by it.
 */
export function parsePatch(text: string): Patch | undefined {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isObject(body)) return undefined;
  const from = readRevision(body["from"]);
  const to = readRevision(body["to"]);
  const flags = body["flags"];
  if (from === undefined || to === undefined || !isObject(flags)) return undefined;
  if (!Object.values(flags).every((flag) => flag === null || isObject(flag))) return undefined;
  const changes = Array.isArray(body["changes"]) ? body["changes"].map(readChange) : [];
  const sha256 = body["sha256"];
  return {
    from,
    to,
    flags: flags as Readonly<Record<string, JsonValue | null>>,
    changes: changes.filter((change) => change !== undefined),
    ...(typeof sha256 === "string" && /^[0-9a-f]{64}$/u.test(sha256) ? { sha256 } : {}),
  };
}
