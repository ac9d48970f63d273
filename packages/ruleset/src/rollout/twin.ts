import { sameValue } from "../diff/same-value.ts";
import type { FlagDefinition } from "../types.ts";

/**
 * Names the twin of a variant: the same value for everyone whom the rollout's `fractional` did not decide. Telemetry counts only
 * the plain names, so users who are always treated cannot tilt the comparison (DESIGN §4.7).
 */
export function twinOf(variant: string): string {
  return `${variant}.fixed`;
}

/** The variant whose twin this name is: `<variant>.fixed` with the same value. Undefined if it is no twin. */
export function originalOf(variant: string, variants: FlagDefinition["variants"]): string | undefined {
  if (!variant.endsWith(".fixed") || !Object.hasOwn(variants, variant)) return undefined;
  const original = variant.slice(0, -".fixed".length);
  if (!Object.hasOwn(variants, original)) return undefined;
  return sameValue(variants[original], variants[variant]) ? original : undefined;
}

/** The variants that are nobody's twin. */
export function withoutTwins(variants: FlagDefinition["variants"]): FlagDefinition["variants"] {
  return Object.fromEntries(
    Object.entries(variants).filter(([name]) => originalOf(name, variants) === undefined),
  );
}
