/** What happened to a flag. */
export type FlagChangeAction = (typeof flagChangeActions)[number];

/** Every action, in the order of a flag's life. */
export const flagChangeActions = [
  "created",
  "updated",
  "deleted",
  "enabled",
  "disabled",
  "rollout",
  "killed",
  "archived",
  "restored",
] as const;

/** Who did it. */
export interface FlagChangeActor {
  readonly id: string;
  readonly type: (typeof actorTypes)[number];
}

/** The kinds of actors: a person, somebody's key, something that decides by itself, Flagspan. */
export const actorTypes = ["user", "api", "automation", "system"] as const;

/** What a flag does, in short, without its values. */
export interface FlagSummary {
  readonly state: "ENABLED" | "DISABLED";
  /** Null: the caller's code default. */
  readonly defaultVariant: string | null;
  /** By variant, 0 to 100, where a `fractional` decides. */
  readonly percentages?: Readonly<Record<string, number>>;
  /** The `$evaluators` that the targeting uses. */
  readonly segments?: readonly string[];
}

/** One change of one flag, ours or another vendor's: what the audit log holds and every sink is told (DESIGN §4.3). */
export interface FlagChange {
  /** Stable across retries and replicas: the idempotency key. */
  readonly id: string;
  /** RFC 3339: when it happened at the source. */
  readonly occurredAt: string;
  /** "flagspan", "launchdarkly", "flagsmith", "git", … */
  readonly source: string;
  readonly flagSetId: string;
  readonly flagKey: string;
  readonly action: FlagChangeAction;
  readonly actor: FlagChangeActor;
  /** Why; required on control's own writes. */
  readonly reason?: string;
  readonly revision?: string;
  readonly previousRevision?: string;
  readonly previous?: FlagSummary;
  readonly current?: FlagSummary;
  /** Whom it touches. */
  readonly segments?: readonly string[];
  readonly url?: string;
  /** The request that caused it. */
  readonly traceparent?: string;
}
