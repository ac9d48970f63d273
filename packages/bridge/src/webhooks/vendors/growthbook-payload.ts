import type { FlagChange } from "@flagspan/ruleset/change";
import { asList, asObject, asText, asTime } from "../fields.ts";
import type { MemoryStep } from "../memory.ts";
import type { Delivery } from "../signatures/verdict.ts";
import type { Fields, Reading, ReadingTools } from "../vendor.ts";

/** How one feature differs. */
interface Difference {
  readonly flagKey: string;
  readonly action: "created" | "updated" | "deleted";
}

/** What is remembered of a connection: its newest payload, and what the last deliveries meant. */
interface Kept {
  /** When the newest payload was made, in milliseconds. */
  readonly atMs: number;
  readonly features: Fields;
  readonly deliveries: readonly Told[];
}

/** What a delivery meant: the same when it is sent again, whatever came in between. */
interface Told {
  readonly id: string;
  readonly differences: readonly Difference[];
}

const rememberedDeliveries = 20;

/**
 * Reads a whole payload by comparing it with the newest one before; the first of a connection is only remembered. A delivery that is sent
 * again, because the changes could not be stored, means what it meant at first; one that is older than the newest means nothing, since the
 * newer one told the difference already.
 */
export async function readPayload(body: Fields, delivery: Delivery, tools: ReadingTools): Promise<Reading> {
  const features = readFeatures(asText(asObject(body["data"])["payload"]));
  if (features === undefined) return unknown("payload.changed that cannot be read");
  const connection = delivery.query["connection"] ?? "";
  const id = delivery.headers["webhook-id"] ?? tools.bodyHash();
  const occurredAt = asTime(body["timestamp"]) ?? asTime(delivery.headers["webhook-timestamp"]) ?? "";
  const found = await tools.remember(`growthbook payload ${connection}`, (kept) =>
    compare(readKept(kept), { id, atMs: Date.parse(occurredAt) || delivery.nowMs, features }),
  );
  if (typeof found === "string") return unknown(found);
  const changes = found.map(({ flagKey, action }): FlagChange => ({
    id: `${tools.source}:${id}:${flagKey}`,
    occurredAt,
    source: tools.source,
    flagSetId: tools.flagSet(undefined, connection === "" ? undefined : connection),
    flagKey,
    action,
    actor: { id: "growthbook", type: "system" },
  }));
  return { changes, alerts: [], unknown: [] };
}

interface Payload {
  readonly id: string;
  readonly atMs: number;
  readonly features: Fields;
}

function compare(
  kept: Kept | undefined,
  { id, atMs, features }: Payload,
): MemoryStep<readonly Difference[] | string> {
  if (kept === undefined)
    return {
      keep: { atMs, features, deliveries: [] } satisfies Kept,
      result: "payload.changed seen first",
    };
  const known = kept.deliveries.find((told) => told.id === id);
  if (known !== undefined) return { keep: kept, result: known.differences };
  if (atMs < kept.atMs) return { keep: kept, result: "payload.changed older than the newest" };
  const differences = findDifferences(kept.features, features);
  const deliveries = [...kept.deliveries, { id, differences }].slice(-rememberedDeliveries);
  return { keep: { atMs, features, deliveries } satisfies Kept, result: differences };
}

function findDifferences(before: Fields, now: Fields): readonly Difference[] {
  const text = (features: Fields, key: string): string | undefined =>
    Object.hasOwn(features, key) ? JSON.stringify(features[key]) : undefined;
  return [...new Set([...Object.keys(before), ...Object.keys(now)])].flatMap((flagKey) => {
    const was = text(before, flagKey);
    const is = text(now, flagKey);
    if (was === is) return [];
    return { flagKey, action: was === undefined ? "created" : is === undefined ? "deleted" : "updated" };
  });
}

/** What this file kept; anything else counts as nothing. */
function readKept(value: unknown): Kept | undefined {
  const kept = asObject(value);
  if (typeof kept["atMs"] !== "number") return undefined;
  return {
    atMs: kept["atMs"],
    features: asObject(kept["features"]),
    deliveries: asList(kept["deliveries"]) as readonly Told[],
  };
}

function readFeatures(payload: string | undefined): Fields | undefined {
  if (payload === undefined) return undefined;
  try {
    return asObject(asObject(JSON.parse(payload))["features"]);
  } catch {
    // Encrypted payloads are no JSON; there is nothing to compare.
    return undefined;
  }
}

function unknown(kind: string): Reading {
  return { changes: [], alerts: [], unknown: [kind] };
}
