import { createHash } from "node:crypto";

/** The trace and the span of a change. */
export interface ChangeIds {
  readonly traceId: string;
  readonly spanId: string;
}

/** Derives the ids of a change's span from the change's own id, so that a duplicate is the same span in any backend. */
export function changeIds(changeId: string): ChangeIds {
  const digest = createHash("sha256").update(`feature_flag.change ${changeId}`).digest("hex");
  return { traceId: digest.slice(0, 32), spanId: digest.slice(32, 48) };
}
