import type { JsonValue } from "@flagspan/ruleset";

/** One flag as the server answered it: a success with or without value, or a failure. */
export interface WebFlag {
  readonly key: string;
  readonly value?: JsonValue;
  readonly variant?: string;
  readonly reason?: string;
  readonly errorCode?: string;
  readonly errorDetails?: string;
  readonly metadata?: Readonly<Record<string, string | number | boolean>>;
}

/** A bulk answer: what was evaluated, and where changes are announced. */
export interface Bulk {
  readonly flags: ReadonlyMap<string, WebFlag>;
  readonly streamUrl: string | undefined;
  /** How long a hidden page may keep its stream, in seconds. */
  readonly inactivityDelayS: number;
}

type Fields = Readonly<Record<string, unknown>>;

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null;
}

/** Reads a list of answers; undefined if it is none. Entries that cannot be read are left out, one by one. */
export function parseFlags(entries: unknown): ReadonlyMap<string, WebFlag> | undefined {
  if (!Array.isArray(entries)) return undefined;
  const flags = new Map<string, WebFlag>();
  for (const entry of entries as readonly unknown[]) {
    if (isFields(entry) && typeof entry["key"] === "string")
      flags.set(entry["key"], entry as unknown as WebFlag);
  }
  return flags;
}

/** Reads an OFREP bulk answer; undefined if it is none. */
export function parseBulk(body: unknown, url: string): Bulk | undefined {
  if (!isFields(body)) return undefined;
  const flags = parseFlags(body["flags"]);
  if (flags === undefined) return undefined;
  const streams: readonly unknown[] = Array.isArray(body["eventStreams"]) ? body["eventStreams"] : [];
  const stream = streams.find((entry): entry is Fields => isFields(entry) && entry["type"] === "sse");
  const delay = stream?.["inactivityDelaySec"];
  return {
    flags,
    inactivityDelayS: typeof delay === "number" ? delay : 120,
    streamUrl: stream === undefined ? undefined : readStreamUrl(stream, url),
  };
}

function readStreamUrl(stream: Fields, url: string): string | undefined {
  const { url: whole, endpoint } = stream;
  const [path, base] = isFields(endpoint)
    ? [endpoint["requestUri"], endpoint["origin"] ?? new URL(url).origin]
    : [whole, url];
  return typeof path === "string" && typeof base === "string" && URL.canParse(path, base)
    ? new URL(path, base).href
    : undefined;
}
