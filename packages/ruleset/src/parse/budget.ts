import type { ParseOptions } from "../types.ts";

/** Limits in force. */
export type Budget = Readonly<Required<ParseOptions>>;

/** Fills in the defaults. */
export function budgetOf(options: ParseOptions = {}): Budget {
  return { maxLength: 32 * 1024 * 1024, maxFlags: 100_000, maxDepth: 64, maxNodes: 20_000, ...options };
}
