import type { FlagChange } from "@flagspan/ruleset/change";
import type { Queue, Queued } from "../delivery/queue.ts";

/** One change in the audit log, with its place there. */
export interface OutboxEntry extends Queued {
  readonly change: FlagChange;
}

/**
 * The audit log as the bridge needs it. Declared here, satisfied by control's stores. What `advance` and `deadLetter` resolve for is
 * durable; any of them may reject (a full disk), and the bridge tries again. The cursor of a new sink is 0.
 */
export interface Outbox extends Queue<OutboxEntry> {
  /** Calls the listener after entries were appended by this process; returns how to stop that. */
  onAppend(listener: () => void): () => void;
}
