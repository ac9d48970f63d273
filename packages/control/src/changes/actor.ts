/** Who did something, taken from the credential. */
export interface Actor {
  readonly id: string;
  readonly type: "user" | "api" | "automation" | "system";
}

/** What every command carries beside its content. */
export interface CommandContext {
  readonly actor: Actor;
  /** Why; never empty. */
  readonly reason: string;
  /** The W3C trace context of the request that caused it. */
  readonly traceparent?: string;
  /** The revision the caller saw (`If-Match`); a write on top of another one is refused. */
  readonly ifMatch?: number;
  /** Where the change was made. Default `flagspan`. */
  readonly source?: string;
  /** Makes a retry of the same command harmless: the first answer counts. */
  readonly idempotencyKey?: string;
  /**
   * Takes in a bad flag, which then harms only itself, as flagd does: for a file that is the truth. Default: the command is refused
   * with what is wrong.
   */
  readonly tolerant?: boolean;
  /** The one flag a command is about; a retry is recognised by it. */
  readonly flagKey?: string;
}
