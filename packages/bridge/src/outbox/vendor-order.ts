import type { OutboxEntry } from "./outbox.ts";

/** Sources whose order of arrival is the order of what happened: control appends as it commits, git's log is read parent first. */
const ordered: ReadonlySet<string> = new Set(["flagspan", "git"]);

/**
 * Puts changes that wait together in the order of their vendor's time, flag by flag: webhooks are sent in parallel and again, so they arrive in
 * any order. Each flag keeps the places it had among the others. A change that arrives after a newer one was told is told late, at its own
 * time (`.github/decisions`, "Order of foreign changes").
 */
export function arrangeByVendorTime(entries: readonly OutboxEntry[]): readonly OutboxEntry[] {
  const places = new Map<string, number[]>();
  for (const [index, { change }] of entries.entries()) {
    if (ordered.has(change.source)) continue;
    const key = JSON.stringify([change.source, change.flagSetId, change.flagKey]);
    const known = places.get(key);
    if (known === undefined) places.set(key, [index]);
    else known.push(index);
  }
  const arranged = [...entries];
  for (const indices of places.values()) {
    const sorted = indices
      .map((index) => entries[index] as OutboxEntry)
      .sort((a, b) => Date.parse(a.change.occurredAt) - Date.parse(b.change.occurredAt));
    for (const [place, entry] of sorted.entries()) arranged[indices[place] as number] = entry;
  }
  return arranged;
}
