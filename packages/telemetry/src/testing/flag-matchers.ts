import { carriedFlags } from "./carried-flags.ts";
import type { Recorded } from "./memory-exporters.ts";

/** A matcher's verdict, as `expect.extend` of vitest and jest take it. */
export interface Verdict {
  readonly pass: boolean;
  message(): string;
}

/** Matchers for `expect.extend`. */
export interface FlagMatchers {
  /** Passes if a span or log record (of a list: each one) carries the flag, with the variant where one is named. */
  toCarryFlag(received: unknown, key: string, variant?: string): Verdict;
}

/** The matchers themselves; `@flagspan/telemetry/testing/vitest` registers them with their types. */
export const flagMatchers: FlagMatchers = {
  toCarryFlag(received, key, variant) {
    const records: readonly unknown[] = Array.isArray(received) ? received : [received];
    if (records.length === 0) {
      return {
        pass: false,
        message: () => `expected spans or log records that carry the flag "${key}"; the list is empty`,
      };
    }
    const wanted = variant === undefined ? `"${key}"` : `"${key}" = "${variant}"`;
    const wrong = records.find((record) => !carries(record, key, variant));
    return {
      pass: wrong === undefined,
      message: () =>
        wrong === undefined
          ? `expected no span or log record to carry the flag ${wanted}`
          : `expected ${nameOf(wrong)} to carry the flag ${wanted}; it carries ${describe(wrong)}`,
    };
  },
};

function carries(record: unknown, key: string, variant: string | undefined): boolean {
  const found = isRecorded(record) ? carriedFlags(record.attributes).get(key) : undefined;
  return found !== undefined && (variant === undefined || found === variant);
}

function describe(record: unknown): string {
  if (!isRecorded(record)) return "nothing: it has no attributes";
  const flags = [...carriedFlags(record.attributes)].map(([key, variant]) => `"${key}" = "${variant}"`);
  return flags.length === 0 ? "no flag" : flags.join(", ");
}

function nameOf(record: unknown): string {
  const { name, body } = (record ?? {}) as { name?: unknown; body?: unknown };
  if (typeof name === "string") return `span "${name}"`;
  return typeof body === "string" ? `log record "${body}"` : "the record";
}

function isRecorded(record: unknown): record is Recorded {
  const attributes = (record as Partial<Recorded> | null | undefined)?.attributes;
  return typeof attributes === "object" && attributes !== null;
}
