import { writeRuleset } from "@flagspan/ruleset";
import fc from "fast-check";
import { expect, it } from "vitest";

import { isSetName, patchDocument, stampDocument, writeDocument } from "./document.ts";
import type { RulesetDocument } from "./document.ts";

const json = fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<RulesetDocument["flags"][string]>;
const record = fc.dictionary(
  fc.oneof(fc.string(), fc.constantFrom("__proto__", '"flags":{}', "metadata")),
  json,
);
const document: fc.Arbitrary<RulesetDocument> = fc.record(
  {
    flags: record,
    $evaluators: record,
    metadata: fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.boolean(), fc.integer())),
  },
  { requiredKeys: ["flags"] },
);

it("writes the bytes writeRuleset writes, before and after a patch", () => {
  fc.assert(
    fc.property(document, record, (given, patch) => {
      expect(writeDocument(given)).toBe(writeRuleset(given));
      const patched = stampDocument(patchDocument(given, patch, "7"), "shop.prod", 7);
      expect(writeDocument(patched)).toBe(writeRuleset(patched));
      expect(JSON.parse(writeDocument(patched))).toMatchObject({
        metadata: { flagSetId: "shop.prod", version: "7" },
      });
    }),
    { numRuns: 300 },
  );
});

it.each([
  ["shop.prod", true],
  ["a", true],
  ["0-a_b.c", true],
  ["shop.prod.", false],
  [".shop", false],
  ["Shop", false],
  ["", false],
  ["a".repeat(63), true],
  ["a".repeat(64), false],
])("takes %j for a set name: %j", (name, good) => {
  expect(isSetName(name)).toBe(good);
});
