import type { FlagChange } from "@flagspan/ruleset/change";
import type { Notification } from "../notifications/notification.ts";

/** What became of one change that a sink was asked to deliver. */
export type Outcome =
  | { readonly kind: "delivered" }
  /** It may work later: nothing was stored for sure, try again. */
  | { readonly kind: "retry"; readonly reason: string; readonly afterMs?: number }
  /** It will never work. `together`: the whole batch was refused and this change may be innocent; alone it gets one more try. */
  | { readonly kind: "refused"; readonly reason: string; readonly together: boolean };

/** What a delivery is done with. */
export interface DeliveryContext {
  /** Milliseconds since the epoch. */
  readonly nowMs: number;
  /** Fires when the bridge stops. */
  readonly signal: AbortSignal;
}

/**
 * A place that flag changes are sent to. A new one is one file in this folder. Reasons must not contain secrets: they are stored
 * with dead letters and shown by `status()`.
 */
export interface Sink {
  /** Unique among the sinks of a bridge and stable: the cursor is kept under it. */
  readonly name: string;
  /** Most changes that one call takes. */
  readonly batchSize: number;
  /** Sends the changes, oldest first; resolves to one outcome for each, in the same order. Changes of one flag arrive in order. */
  deliver(changes: readonly FlagChange[], context: DeliveryContext): Promise<readonly Outcome[]>;
  /** Tells notifications, for backends that have a place for them; as `deliver` in everything else. */
  notify?(notifications: readonly Notification[], context: DeliveryContext): Promise<readonly Outcome[]>;
  /** Lets go of connections. */
  close?(): Promise<void>;
}
