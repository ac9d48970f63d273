import type { FlagDefinition, JsonValue } from "../types.ts";
import { readRendered, type RenderedTargeting } from "./rendered.ts";
import { dropRolloutMetadata, readRolloutMetadata } from "./rollout-metadata.ts";
import { renameResult, type Rule } from "./rule-chain.ts";
import { originalOf, withoutTwins } from "./twin.ts";

/** A flag as it was before a rollout, and the segment kills that stand in front of it. */
export interface RolloutBase {
  readonly flag: FlagDefinition;
  readonly cuts: readonly Rule[];
}

/**
 * Takes a rollout out of a flag: its own rules, default and variants are back, twins and metadata gone. A rollout that was
 * finished (its metadata gone, its rule left) gives everyone what it ended with; undefined if it ended in between.
 */
export function readBase(flag: FlagDefinition): RolloutBase | undefined {
  const rendered = readRendered(flag.targeting);
  if (rendered === undefined) return { flag: withMetadata(flag), cuts: [] };
  const everyoneElse = otherwiseOf(flag, rendered);
  if (everyoneElse === undefined) return undefined;
  const back = (variant: string): string => originalOf(variant, flag.variants) ?? variant;
  const results = rendered.older.flatMap(({ when, result }): JsonValue[] => {
    const renamed = renameResult(result, back);
    return [when, renamed.ok ? renamed.result : result];
  });
  const { defaultVariant } = flag;
  const normal = typeof defaultVariant === "string" ? back(defaultVariant) : defaultVariant;
  const tail = everyoneElse === normal ? [] : [everyoneElse];
  const { targeting: _, ...rest } = flag;
  return {
    flag: withMetadata({
      ...rest,
      variants: withoutTwins(flag.variants),
      ...(normal === undefined ? {} : { defaultVariant: normal }),
      ...(results.length + tail.length === 0 ? {} : { targeting: { if: [...results, ...tail] } }),
    }),
    cuts: rendered.cuts,
  };
}

function otherwiseOf(flag: FlagDefinition, rendered: RenderedTargeting): string | undefined {
  if (readRolloutMetadata(flag.metadata) !== undefined) return rendered.control;
  const share = rendered.weight / 1000;
  if (share === 100) return rendered.treatment;
  return share === 0 ? rendered.control : undefined;
}

function withMetadata(flag: FlagDefinition): FlagDefinition {
  const { metadata, ...rest } = flag;
  const kept = dropRolloutMetadata(metadata);
  return Object.keys(kept).length === 0 ? rest : { ...rest, metadata: kept };
}
