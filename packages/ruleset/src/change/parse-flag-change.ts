import { isRecord } from "../json.ts";
import type { Issue } from "../types.ts";
import { actorTypes, type FlagChange, flagChangeActions } from "./flag-change.ts";
import { type FieldReader, readFields } from "./read-fields.ts";
import { MAX_ENTRIES, readFlagSummary } from "./read-flag-summary.ts";

/** A change, or everything that is wrong with the input. */
export type FlagChangeResult =
  | { readonly ok: true; readonly change: FlagChange }
  | { readonly ok: false; readonly issues: readonly Issue[] };

/** Longest texts; `reason` may hold the guard's evidence. */
const limits = { id: 256, name: 512, reason: 4096, url: 2048 } as const;

const timestamp = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/i;
const traceparent = /^[\da-f]{2}-[\da-f]{32}-[\da-f]{16}-[\da-f]{2}$/;

/**
 * Reads a change that came from outside. Properties it does not know are left out; every text has a bound; every issue is told with
 * its path.
 */
export function parseFlagChange(input: unknown): FlagChangeResult {
  const issues: Issue[] = [];
  const read = readFields(input, [], issues);
  if (read === undefined) return { ok: false, issues };
  const occurredAt = read.text("occurredAt", 64);
  if (occurredAt !== undefined && (!timestamp.test(occurredAt) || Number.isNaN(Date.parse(occurredAt)))) {
    read.report("occurredAt", 'must be an RFC 3339 time such as "2026-01-31T12:00:00Z"');
  }
  const parent = read.optionalText("traceparent", 55);
  if (parent !== undefined && !traceparent.test(parent)) {
    read.report("traceparent", "must be a W3C traceparent: version-trace id-span id-flags in lower-case hex");
  }
  const change = {
    id: read.text("id", limits.id),
    occurredAt,
    source: read.text("source", limits.name),
    flagSetId: read.text("flagSetId", limits.name),
    flagKey: read.text("flagKey", limits.name),
    action: read.oneOf("action", flagChangeActions),
    actor: readActor(read, issues),
    reason: read.optionalText("reason", limits.reason),
    revision: read.optionalText("revision", limits.id),
    previousRevision: read.optionalText("previousRevision", limits.id),
    previous: readFlagSummary(read.value("previous"), ["previous"], issues),
    current: readFlagSummary(read.value("current"), ["current"], issues),
    segments: read.texts("segments", MAX_ENTRIES, limits.name),
    url: read.optionalText("url", limits.url),
    traceparent: parent,
  };
  if (issues.length > 0) return { ok: false, issues };
  const present = Object.entries(change).filter(([, value]) => value !== undefined);
  return { ok: true, change: Object.fromEntries(present) as unknown as FlagChange };
}

function readActor(read: FieldReader, issues: Issue[]): FlagChange["actor"] | undefined {
  const value = read.value("actor");
  if (!isRecord(value)) {
    read.report("actor", 'must be an object such as {"id": "ada", "type": "user"}');
    return undefined;
  }
  const fields = readFields(value, ["actor"], issues);
  const id = fields?.text("id", limits.name);
  const type = fields?.oneOf("type", actorTypes);
  return id === undefined || type === undefined ? undefined : { id, type };
}
