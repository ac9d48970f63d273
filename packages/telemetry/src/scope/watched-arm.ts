/** A flag's place in a running rollout, read from flag metadata. One object per flag, stage and arm, kept by identity. */
export interface WatchedArm {
  readonly rolloutId: string;
  readonly stage: string;
  readonly arm: "treatment" | "control";
  /** Bounds over which a response counts as slow, in milliseconds, ascending. */
  readonly slowMs: readonly number[];
}

/** The most bounds of `rolloutSlowMs` that are judged; the rest are ignored. */
export const maxSlowBounds = 16;

/** Flag metadata as OpenFeature hands it to a hook. */
type Metadata = Readonly<Record<string, unknown>>;

interface Remembered {
  readonly rollout: string;
  readonly treatment: unknown;
  readonly control: unknown;
  readonly slow: unknown;
  readonly arms: Readonly<Record<"treatment" | "control", WatchedArm>>;
}

/**
 * Reads `rollout`, `rolloutTreatment`, `rolloutControl` and `rolloutSlowMs` (DESIGN §4.1) and remembers the last answer
 * per flag, so that an unchanged rollout costs four comparisons. Holds at most `maxFlags` flags.
 */
export class WatchedArms {
  readonly #byFlag = new Map<string, Remembered>();
  readonly #maxFlags: number;

  constructor(maxFlags = 256) {
    this.#maxFlags = maxFlags;
  }

  /**
   * The arm that `variant` belongs to. Undefined unless the flag is in a rollout and the variant is exactly the
   * treatment or the control: twin variants (`on.fixed`) were not decided by the rollout and must not be counted.
   */
  read(flagKey: string, variant: string | undefined, metadata: Metadata | undefined): WatchedArm | undefined {
    const rollout = metadata?.["rollout"];
    if (metadata === undefined || typeof rollout !== "string" || variant === undefined) return undefined;
    const treatment = metadata["rolloutTreatment"];
    const control = metadata["rolloutControl"];
    if (variant !== treatment && variant !== control) return undefined;
    const slow = metadata["rolloutSlowMs"];
    let known = this.#byFlag.get(flagKey);
    if (
      known === undefined ||
      known.rollout !== rollout ||
      known.treatment !== treatment ||
      known.control !== control ||
      known.slow !== slow
    ) {
      const arms = parseArms(rollout, slow);
      if (arms === undefined) return undefined;
      known = { rollout, treatment, control, slow, arms };
      if (!this.#byFlag.has(flagKey) && this.#byFlag.size >= this.#maxFlags) return undefined;
      this.#byFlag.set(flagKey, known);
    }
    return variant === treatment ? known.arms.treatment : known.arms.control;
  }
}

function parseArms(rollout: string, slow: unknown): Remembered["arms"] | undefined {
  const slash = rollout.indexOf("/");
  if (slash < 1 || slash === rollout.length - 1) return undefined;
  const shared = {
    rolloutId: rollout.slice(0, slash),
    stage: rollout.slice(slash + 1),
    slowMs: parseSlowBounds(slow),
  };
  return { treatment: { ...shared, arm: "treatment" }, control: { ...shared, arm: "control" } };
}

/** Reads `"250,900"` (or the single number 250): positive, ascending, without repeats. */
function parseSlowBounds(slow: unknown): readonly number[] {
  if (typeof slow !== "string" && typeof slow !== "number") return [];
  const bounds = String(slow)
    .split(",")
    .map((part) => Number(part.trim()))
    .filter((bound) => Number.isFinite(bound) && bound > 0);
  return [...new Set(bounds)].sort((a, b) => a - b).slice(0, maxSlowBounds);
}
