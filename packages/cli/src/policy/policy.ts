/** How a flag key must look. */
export interface KeyPattern {
  /** The whole key must match. */
  readonly pattern: RegExp;
  readonly example?: string;
  readonly description?: string;
}

/** What a team asks of the flags of one kind. */
export interface KindPolicy {
  readonly key?: KeyPattern;
  /** Metadata that must be there and not empty. */
  readonly require: readonly string[];
  /** `expires` may be at most this far ahead. */
  readonly maxLifetimeDays?: number;
}

/** What a team asks of its flags. */
export interface Policy {
  /** By `metadata.kind`. */
  readonly kinds: ReadonlyMap<string, KindPolicy>;
  /** For flags whose kind has no entry of its own, or that have none. */
  readonly default?: KindPolicy;
  /** Whether every flag needs a kind that is listed. */
  readonly requireKind: boolean;
  /** Days after `expires` in which a flag is only warned about; default 14. */
  readonly expiredGraceDays: number;
  /** Percentage points by which a share may grow at once, measured from `--base`. */
  readonly maximumJump?: number;
}

/** One breach of a policy. */
export interface PolicyFinding {
  readonly code:
    | "policy-key"
    | "policy-kind"
    | "policy-metadata"
    | "policy-expires"
    | "policy-lifetime"
    | "policy-jump";
  readonly severity: "error" | "warning";
  readonly path: readonly (string | number)[];
  readonly message: string;
  readonly flagKey: string;
  readonly didYouMean?: string;
}
