import type { FlagChange } from "@flagspan/ruleset/change";

/** One change in the audit log, with its place there. */
export interface OutboxEntry {
  /** Rises by at least one with each entry; the first is above zero. */
  readonly seq: number;
  readonly change: FlagChange;
}

/**
 * The audit log as the bridge needs it. Declared here, satisfied by control's stores. What `advance` and `deadLetter` resolve for is
 * durable; any of them may reject (a full disk), and the bridge tries again.
 */
export interface Outbox {
  /** Entries after `seq`, oldest first, at most `limit`. */
  readAfter(seq: number, limit: number): Promise<readonly OutboxEntry[]>;
  /** The last `seq` that a sink has finished with; 0 for a new sink. */
  cursor(sink: string): Promise<number>;
  /** Says that a sink has finished with everything up to and including `seq`. */
  advance(sink: string, seq: number): Promise<void>;
  /** Keeps an entry that a sink will never take, with the reason. */
  deadLetter(sink: string, entry: OutboxEntry, reason: string): Promise<void>;
  /** Takes or renews the right to send for a sink; false while another owner holds it. */
  acquireLease(sink: string, owner: string, ttlMs: number): Promise<boolean>;
  /** Calls the listener after entries were appended by this process; returns how to stop that. */
  onAppend(listener: () => void): () => void;
}
