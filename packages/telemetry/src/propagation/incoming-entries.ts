import type { Clock } from "../otel/clock.ts";
import type { FlagEntry } from "../scope/flag-entry.ts";
import type { WatchedArm } from "../scope/watched-arm.ts";
import type { IncomingFlag, IncomingFlags } from "./baggage-header.ts";

/** The most arms of rollouts remembered by identity. */
const maxArms = 256;

/**
 * Turns what a caller told into entries of a scope: known from the first moment of the request. Of a stranger (`claim`)
 * they rank below everything that is known here.
 */
export class IncomingEntries {
  readonly #clock: Clock;
  readonly #source: "baggage" | "claim";
  readonly #arms = new Map<string, WatchedArm>();

  constructor(clock: Clock, source: "baggage" | "claim") {
    this.#clock = clock;
    this.#source = source;
  }

  /** The entries, in the caller's order. Watched flags without a unit keep their arm: they alert, and never kill. */
  read(incoming: IncomingFlags): readonly FlagEntry[] {
    const sinceMs = this.#clock.monotonicMs();
    const isClaim = this.#source === "claim";
    return incoming.flags.map((flag): FlagEntry => ({
      key: flag.key,
      variant: flag.variant,
      reason: isClaim ? "unknown" : "cached",
      source: this.#source,
      unit: incoming.unit,
      [isClaim ? "claim" : "watch"]: this.#armOf(flag),
      sinceMs,
      firstExposure: false,
      order: 0,
    }));
  }

  #armOf({ rollout }: IncomingFlag): WatchedArm | undefined {
    if (rollout === undefined) return undefined;
    // What strangers claim is not remembered: they would fill the memory.
    if (this.#source === "claim") return { ...rollout, slowMs: [] };
    const name = `${rollout.rolloutId}/${rollout.stage}/${rollout.arm}`;
    const known = this.#arms.get(name);
    if (known !== undefined) return known;
    if (this.#arms.size >= maxArms) return undefined;
    const arm: WatchedArm = { ...rollout, slowMs: [] };
    this.#arms.set(name, arm);
    return arm;
  }
}
