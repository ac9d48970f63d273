import { expect, test } from "vitest";
import * as fc from "fast-check";
import { type AvailabilityEvent, type AvailabilityKind, availabilityTable } from "./availability.ts";

/** Sends events and lists what is announced. */
function announce(...events: readonly AvailabilityEvent[]): string[] {
  let state: AvailabilityKind = "starting";
  return events.flatMap((event) => {
    const step = availabilityTable[state][event];
    state = step.next;
    return step.announce === undefined ? [] : [step.announce];
  });
}

test.each<[string, readonly AvailabilityEvent[], readonly string[]]>([
  ["the first live ruleset makes it ready, once", ["live", "live", "link-good"], ["ready"]],
  ["a kept ruleset makes it ready; the live one after it says nothing more", ["kept", "live"], ["ready"]],
  ["a kept ruleset that nobody confirms becomes stale", ["kept", "timer"], ["ready", "stale"]],
  [
    "nothing in time is an error, and the first ruleset heals it",
    ["timer", "link-lost", "live"],
    ["error", "ready"],
  ],
  ["refused credentials are fatal at once, and heal too", ["refused", "timer", "live"], ["fatal", "ready"]],
  [
    "a link lost and found within the grace period is nobody's business",
    ["live", "link-lost", "link-good", "timer"],
    ["ready"],
  ],
  ["ready, stale, ready", ["live", "link-lost", "timer", "link-good"], ["ready", "stale", "ready"]],
  [
    "ready, stale, error, ready",
    ["live", "link-lost", "timer", "timer", "live"],
    ["ready", "stale", "error", "ready"],
  ],
  ["credentials refused later do not take the ruleset away", ["live", "refused", "link-lost"], ["ready"]],
  ["closed says nothing", ["live", "close", "link-lost", "timer", "live"], ["ready"]],
])("%s", (_claim, events, announced) => {
  expect(announce(...events)).toEqual(announced);
});

test("I5: READY is never announced twice in a row, and STALE only after READY", () => {
  const anyEvent = fc.constantFrom<AvailabilityEvent>(
    "kept",
    "live",
    "link-good",
    "link-lost",
    "refused",
    "timer",
  );
  fc.assert(
    fc.property(fc.array(anyEvent, { maxLength: 60 }), (events) => {
      const announced = announce(...events);
      for (const [index, what] of announced.entries()) {
        const before = announced[index - 1];
        expect(what).not.toBe(before);
        expect(what !== "stale" || before === "ready").toBe(true);
      }
    }),
  );
});
