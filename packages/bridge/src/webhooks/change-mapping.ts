import type { FlagChangeAction } from "@flagspan/ruleset/change";

/**
 * Where the facts of a change stand in a body of somebody's own making: dotted paths such as `data.flag.key`, list positions included
 * (`items.0.id`). `each` is the path of a list whose elements are changes; the other paths then start at the element.
 */
export interface ChangeMapping {
  readonly each?: string;
  readonly flagKey: string;
  readonly id?: string;
  readonly action?: string;
  /** The sender's words for our actions; words that are not here and are no action of ours mean `updated`. */
  readonly actions?: Readonly<Record<string, FlagChangeAction>>;
  readonly actor?: string;
  readonly occurredAt?: string;
  readonly reason?: string;
  readonly revision?: string;
  readonly project?: string;
  readonly environment?: string;
  readonly url?: string;
}
