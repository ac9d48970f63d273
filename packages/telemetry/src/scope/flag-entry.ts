import type { WatchedArm } from "./watched-arm.ts";

/** One evaluated flag as a scope remembers it: a name and a variant, never a value or a context. */
export interface FlagEntry {
  readonly key: string;
  /** The variant; where the provider names none, `true`/`false` of a boolean flag, else the reason. */
  readonly variant: string;
  /** The reason in the convention's spelling: `targeting_match`, `static`, … */
  readonly reason: string;
  /** Whether it was evaluated here, learnt from baggage of a caller of ours, or claimed by a stranger's at a public edge. */
  readonly source: "evaluation" | "baggage" | "claim";
  /** The value of a boolean flag, for tools that know only booleans (Sentry). */
  readonly enabled?: boolean | undefined;
  readonly setId?: string | undefined;
  readonly version?: string | undefined;
  /** `feature_flag.context.id`: the pseudonym of whom the flag was evaluated for. */
  readonly unit?: string | undefined;
  /** The arm of a running rollout, if this variant is exactly one of its two. */
  readonly watch?: WatchedArm | undefined;
  /** The arm that a stranger's baggage names. It is no `watch`: nothing may be counted by it, and a failure is only a signal. */
  readonly claim?: WatchedArm | undefined;
  /** Monotonic milliseconds at which the scope first learnt this key, variant and unit. */
  readonly sinceMs: number;
  /** Whether this is the unit's first request after exposure to this flag and stage in this process. */
  readonly firstExposure: boolean;
  /** The scope's count of changes when it took this entry in; written by the scope. */
  order: number;
}

/** How much a flag tells about this request: watched flags most, then those decided per request, then constants. */
export type FlagRank = 0 | 1 | 2;

const constantReasons: ReadonlySet<string> = new Set(["static", "default", "disabled", "error", "unknown"]);

/** Ranks an entry for every budget (tags, scope, baggage). */
export function rankOf(entry: FlagEntry): FlagRank {
  if (entry.watch !== undefined) return 2;
  return constantReasons.has(entry.reason) ? 0 : 1;
}
