import { readFileSync } from "node:fs";
import type { Question } from "./cases.ts";

/** Where flagd's Python provider is known to differ from flagd's own Go, which we follow. */
interface KnownDifference {
  readonly flags: readonly string[];
  /** Only with contexts in which an attribute is absent, or empty text. */
  readonly when?: { readonly absent?: string; readonly empty?: string };
  readonly reason: string;
  readonly link: string;
}

const known = JSON.parse(
  readFileSync(new URL("../../../interop/flagd/known-differences.json", import.meta.url), "utf8"),
) as readonly KnownDifference[];

/** Whether a question is one of those on which the provider and flagd itself are known to differ. */
export function isKnownDifference({ flagKey, context }: Question): boolean {
  return known.some(({ flags, when = {} }) => {
    if (!flags.includes(flagKey)) return false;
    if (when.absent !== undefined) return context[when.absent] === undefined;
    return when.empty === undefined || context[when.empty] === "";
  });
}
