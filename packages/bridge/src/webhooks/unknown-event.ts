import { createHash } from "node:crypto";
import { redact } from "./redact.ts";
import type { Fields } from "./vendor.ts";

/** An event that no vendor file reads today, with what a later version needs to read it then. Holds no secret. */
export interface UnknownEvent {
  /** Stable: the same when the vendor sends it again. */
  readonly id: string;
  /** The name in the route. */
  readonly vendor: string;
  /** The vendor's word for the event, or what is wrong with it. */
  readonly kind: string;
  /** RFC 3339. */
  readonly receivedAt: string;
  /** The body as JSON, without secrets; its first 64 kB where it is longer. */
  readonly body: string;
  /** Whether `body` is the whole of it: what was cut cannot be replayed. */
  readonly isWhole: boolean;
  /** The first 128 bits of the SHA-256 of the body as it arrived, in hex: ids of changes can hang on it. */
  readonly bodyHash: string;
  /** What else ids and flag sets can hang on: the headers that name the delivery, and the query without its token. */
  readonly headers: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
}

/** What unknown events are made from. */
export interface UnknownSource {
  readonly vendor: string;
  readonly kinds: readonly string[];
  readonly nowMs: number;
  readonly body: Fields;
  readonly bodyHash: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly secrets: readonly string[];
}

const mostKept = 64 * 1024;
const mostKind = 100;
/** Headers that name a delivery, or choose between two kinds of it; the signatures themselves are not kept. */
const keptHeaders = ["webhook-id", "webhook-timestamp", "x-configcat-webhook-id"];

/** Makes one event for each kind that was not understood in a delivery. */
export function describeUnknown(source: UnknownSource): readonly UnknownEvent[] {
  if (source.kinds.length === 0) return [];
  const { vendor, nowMs, bodyHash, secrets } = source;
  const text = JSON.stringify(redact(source.body, secrets));
  const query = Object.entries(source.query).filter(([name]) => name !== "token");
  const headers = keptHeaders.flatMap((name) => {
    const value = source.headers[name];
    return value === undefined ? [] : [[name, value.slice(0, 256)] as const];
  });
  return [...new Set(source.kinds)].map((kind) => ({
    id: createHash("sha256")
      .update(JSON.stringify([vendor, bodyHash, kind]))
      .digest("hex")
      .slice(0, 32),
    vendor,
    kind: String(redact(kind, secrets)).slice(0, mostKind),
    receivedAt: new Date(nowMs).toISOString(),
    body: text.slice(0, mostKept),
    isWhole: text.length <= mostKept,
    bodyHash,
    headers: Object.fromEntries(headers),
    query: redact(Object.fromEntries(query), secrets) as Record<string, string>,
  }));
}
