import type { FlagChange } from "@flagspan/ruleset/change";

/** A change in which only what a test is about has to be said. */
export function createChange(parts: Partial<FlagChange> = {}): FlagChange {
  return {
    id: "change-1",
    occurredAt: "2026-01-31T12:00:00.000Z",
    source: "flagspan",
    flagSetId: "shop.prod",
    flagKey: "dark-mode",
    action: "killed",
    actor: { id: "ada@example.com", type: "user" },
    reason: "checkout fails",
    revision: "43",
    previousRevision: "42",
    previous: { state: "ENABLED", defaultVariant: "off", percentages: { on: 50, off: 50 } },
    current: { state: "ENABLED", defaultVariant: "off" },
    ...parts,
  };
}

/** `count` changes of `flags` flags, one after the other. */
export function createChanges(count: number, flags: number = 7): readonly FlagChange[] {
  return Array.from({ length: count }, (_, index) =>
    createChange({
      id: `change-${index + 1}`,
      flagKey: `flag-${index % flags}`,
      revision: String(index + 1),
      occurredAt: new Date(Date.parse("2026-01-31T11:00:00Z") + index).toISOString(),
    }),
  );
}
