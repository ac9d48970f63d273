import { readFileSync } from "node:fs";

import * as fc from "fast-check";
import { expect, test } from "vitest";

import { isSampled, sampleOf, unitHash } from "./exposure-sample.ts";

interface Contract {
  readonly examples: readonly { readonly unit: string; readonly hash: number }[];
}

test("the hash is the one of the contract, which the guard reads as well", () => {
  const file = new URL("../../../../test/contracts/unit-sample.json", import.meta.url);
  const { examples } = JSON.parse(readFileSync(file, "utf8")) as Contract;
  expect(examples.map(({ unit }) => ({ unit, hash: unitHash(unit) }))).toEqual(examples);
});

test("samples nest: who is in a coarser one is in every finer one", () => {
  fc.assert(
    fc.property(fc.string(), fc.nat({ max: 12 }), (unit, power) => {
      const inCoarser = isSampled(unit, 2 ** (power + 1));
      expect(!inCoarser || isSampled(unit, 2 ** power)).toBe(true);
    }),
  );
});

test("a sample of 1/16 holds a sixteenth of the units, give or take four standard deviations", () => {
  const units = Array.from({ length: 16_000 }, (_, index) => `user-${index}`);
  const sampled = units.filter((unit) => isSampled(unit, 16)).length;
  expect(Math.abs(sampled - 1_000)).toBeLessThan(4 * Math.sqrt((16_000 * 15) / 256));
});

test.each([
  { newUnits: 0, m: 1 },
  { newUnits: 50, m: 1 },
  { newUnits: 51, m: 2 },
  { newUnits: 1_000, m: 32 },
  { newUnits: 100_000, m: 2_048 },
])("$newUnits new units in a second make m = $m", ({ newUnits, m }) => {
  expect(sampleOf(newUnits)).toBe(m);
});
