import type { FlagDefinition, JsonValue } from "../types.ts";
import { readChosen } from "./chosen.ts";
import { readRendered } from "./rendered.ts";
import { readRolloutMetadata } from "./rollout-metadata.ts";
import type { RolloutStep } from "./step.ts";

/**
 * Reads back what `renderRollout` wrote: the exact share, and whom it chooses. Undefined for a flag in no rollout, and for one
 * whose targeting was rewritten by hand since.
 *
 * Segment names are exact on a definition as written (`$ref` kept); on one from a parsed ruleset they need its evaluators.
 */
export function readRollout(
  flag: FlagDefinition,
  evaluators?: ReadonlyMap<string, JsonValue>,
): RolloutStep | undefined {
  const told = readRolloutMetadata(flag.metadata);
  const rendered = readRendered(flag.targeting);
  if (told === undefined || rendered === undefined) return undefined;
  if (told.treatment !== rendered.treatment || told.control !== rendered.control) return undefined;
  return {
    ...told,
    salt: rendered.salt,
    segments: readChosen(rendered.chosen, evaluators),
    percent: rendered.weight / 1000,
  };
}
