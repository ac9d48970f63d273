import type { FlagMetadata } from "../types.ts";
import type { RolloutStep } from "./step.ts";

const names = ["rollout", "rolloutTreatment", "rolloutControl", "rolloutSlowMs"];

/** A flag's metadata with a rollout's added: how telemetry, behind any provider, knows that the flag is watched. */
export function writeRolloutMetadata(metadata: FlagMetadata | undefined, step: RolloutStep): FlagMetadata {
  return {
    ...dropRolloutMetadata(metadata),
    rollout: `${step.rolloutId}/${step.stage}`,
    rolloutTreatment: step.treatment,
    rolloutControl: step.control,
    ...(step.slowMs === undefined || step.slowMs.length === 0
      ? {}
      : { rolloutSlowMs: step.slowMs.join(",") }),
  };
}

/** A flag's metadata without a rollout's, but for the names to keep. */
export function dropRolloutMetadata(metadata: FlagMetadata | undefined, keep?: string): FlagMetadata {
  return Object.fromEntries(
    Object.entries(metadata ?? {}).filter(([name]) => name === keep || !names.includes(name)),
  );
}

/** What metadata says about a rollout; undefined if the flag is in none. */
export function readRolloutMetadata(
  metadata: FlagMetadata | undefined,
): Pick<RolloutStep, "rolloutId" | "stage" | "treatment" | "control" | "slowMs"> | undefined {
  const rollout = metadata?.["rollout"];
  const treatment = metadata?.["rolloutTreatment"];
  const control = metadata?.["rolloutControl"];
  if (typeof rollout !== "string" || typeof treatment !== "string" || typeof control !== "string") {
    return undefined;
  }
  const slash = rollout.indexOf("/");
  if (slash < 1 || slash === rollout.length - 1) return undefined;
  const slowMs = readBounds(metadata?.["rolloutSlowMs"]);
  return {
    rolloutId: rollout.slice(0, slash),
    stage: rollout.slice(slash + 1),
    treatment,
    control,
    ...(slowMs.length === 0 ? {} : { slowMs }),
  };
}

function readBounds(text: string | number | boolean | undefined): readonly number[] {
  if (typeof text === "number") return [text];
  if (typeof text !== "string" || text.trim() === "") return [];
  return text
    .split(",")
    .map(Number)
    .filter((bound) => bound > 0 && Number.isFinite(bound));
}
