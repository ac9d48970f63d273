import * as fc from "fast-check";
import { expect, test } from "vitest";

import { UnitMemory } from "./unit-memory.ts";

test("it answers only the bits that are new", () => {
  const memory = new UnitMemory(10);
  expect([memory.add("a", 1), memory.add("a", 1), memory.add("a", 3), memory.add("b", 2)]).toEqual([
    1, 0, 2, 2,
  ]);
});

test("it never holds more than its capacity, and never forgets the last half of it", () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 60 }), { maxLength: 300 }), (visits) => {
      const memory = new UnitMemory(20);
      for (const visit of visits) {
        memory.add(`u${visit}`, 1);
        expect(memory.size).toBeLessThanOrEqual(20);
      }
      const recent = [...new Set(visits.toReversed())].slice(0, 10);
      expect(recent.filter((visit) => memory.add(`u${String(visit)}`, 1) !== 0)).toEqual([]);
    }),
  );
});
