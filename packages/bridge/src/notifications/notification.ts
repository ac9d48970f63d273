/** What a guard tells people about a rollout. Declared here, satisfied structurally by whoever has something to tell. */
export interface Notification {
  /** Stable: the same when it is told again. */
  readonly id: string;
  /** RFC 3339. */
  readonly occurredAt: string;
  /** What it is about, in one word: `breach`, `holding`, `killed`, `approval`, `completed`, … */
  readonly kind: string;
  readonly flagSetId: string;
  readonly flagKey: string;
  readonly rolloutId: string;
  readonly stage?: string;
  /** One sentence for people. */
  readonly sentence: string;
  readonly severity: NotificationSeverity;
  /** Where to look, or to approve. */
  readonly url?: string;
  /** The figures behind it, by name. */
  readonly evidence?: Readonly<Record<string, string | number | boolean>>;
}

/** How soon somebody has to look: never, today, now. */
export type NotificationSeverity = "info" | "warning" | "critical";
