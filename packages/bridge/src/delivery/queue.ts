/** Something that waits to be sent, with its place in line. */
export interface Queued {
  /** Rises by at least one with each entry; the first is above zero. */
  readonly seq: number;
}

/** What a worker needs of the line it sends from: control's audit log for changes, a log of their own for notifications. */
export interface Queue<Entry extends Queued> {
  /** Entries after `seq`, oldest first, at most `limit`. */
  readAfter(seq: number, limit: number): Promise<readonly Entry[]>;
  /** The last `seq` that a sink has finished with. */
  cursor(sink: string): Promise<number>;
  /** Says that a sink has finished with everything up to and including `seq`. */
  advance(sink: string, seq: number): Promise<void>;
  /** Keeps an entry that a sink will never take, with the reason. */
  deadLetter(sink: string, entry: Entry, reason: string): Promise<void>;
  /** Takes or renews the right to send for a sink; false while another owner holds it. */
  acquireLease(sink: string, owner: string, ttlMs: number): Promise<boolean>;
}
