import type { FlagDefinition, JsonValue } from "../types.ts";
import { readRendered } from "./rendered.ts";
import { dropRolloutMetadata } from "./rollout-metadata.ts";
import { originalOf, withoutTwins } from "./twin.ts";

/** A flag after a kill and the variant everyone gets, or the variants to choose from because none is obvious. */
export type KillResult =
  | { readonly ok: true; readonly flag: FlagDefinition; readonly variant: string }
  | { readonly ok: false; readonly choices: readonly string[] };

/** How the variant of a kill is chosen. */
export interface KillOptions {
  /** Wins over everything; it must be a variant of the flag. */
  readonly variant?: string;
  /** The control of the flag's rollout; default: its metadata's. */
  readonly rolloutControl?: string;
}

/**
 * Renders the kill for everyone: enabled, no targeting, one variant for all. Not `DISABLED`, because that hands every caller its own
 * code default, which can be anything. The flag stops being watched; `rolloutControl` stays, so that a second kill agrees.
 */
export function renderKill(flag: FlagDefinition, options: KillOptions = {}): KillResult {
  const chosen = chooseKillVariant(flag, options);
  if (!chosen.ok) return chosen;
  const { targeting, metadata, ...rest } = flag;
  const variants = readRendered(targeting) === undefined ? flag.variants : withoutTwins(flag.variants);
  const kept = dropRolloutMetadata(metadata, "rolloutControl");
  return {
    ok: true,
    variant: chosen.variant,
    flag: {
      ...rest,
      state: "ENABLED",
      variants,
      defaultVariant: chosen.variant,
      ...(Object.keys(kept).length === 0 ? {} : { metadata: kept }),
    },
  };
}

/** The variant a kill gives. */
export type KillChoice =
  | { readonly ok: true; readonly variant: string }
  | { readonly ok: false; readonly choices: readonly string[] };

/** Chooses it: the one asked for, else the rollout's control, else the only variant named `off` or `control` or valued `false`. */
export function chooseKillVariant(flag: FlagDefinition, options: KillOptions): KillChoice {
  const plain = (variant: string): string => originalOf(variant, flag.variants) ?? variant;
  const choices = Object.keys(withoutTwins(flag.variants));
  if (options.variant !== undefined) {
    if (!Object.hasOwn(flag.variants, options.variant)) return { ok: false, choices };
    return { ok: true, variant: plain(options.variant) };
  }
  const control: JsonValue | undefined = options.rolloutControl ?? flag.metadata?.["rolloutControl"];
  if (typeof control === "string" && Object.hasOwn(flag.variants, control)) {
    return { ok: true, variant: plain(control) };
  }
  const [only, ...others] = choices.filter(
    (name) => name === "off" || name === "control" || flag.variants[name] === false,
  );
  return only === undefined || others.length > 0 ? { ok: false, choices } : { ok: true, variant: only };
}
