import { writeRuleset } from "@flagspan/ruleset";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { writePatchedText } from "./patched-text.ts";

const flags = fc.dictionary(fc.string({ unit: "binary" }), fc.jsonValue({ maxDepth: 3 }), { maxKeys: 8 });

test("the text after patches is the canonical text of the patched ruleset, whatever keys and values hold", () => {
  fc.assert(
    fc.property(flags, flags, fc.boolean(), fc.nat(3), (before, changed, withEvaluators, indent) => {
      const $evaluators = withEvaluators ? { 'a"b': { "==": [{ var: 'x"}' }, "\\"] } } : {};
      const metadata = { flagSetId: 'set "flags":{}' };
      const removed = Object.keys(before).slice(0, 2);
      const patched = new Map([...Object.entries(changed), ...removed.map((key) => [key, null] as const)]);
      const after = new Map([...Object.entries(before), ...Object.entries(changed)]);
      for (const [key, value] of patched) if (value === null) after.delete(key);
      const base = writeRuleset({ flags: before, $evaluators, metadata });
      const wanted = writeRuleset({
        flags: Object.fromEntries(after),
        $evaluators,
        metadata: { ...metadata, version: "8" },
      });
      const spaced = writePatchedText(JSON.stringify(JSON.parse(base), undefined, indent), patched, "8");
      expect(JSON.parse(spaced)).toEqual(JSON.parse(wanted));
      expect(writePatchedText(base, patched, "8")).toBe(wanted);
    }),
    { numRuns: 300 },
  );
});

test("flags as a list become flags by key", () => {
  const flag = { state: "ENABLED", variants: { on: true } };
  const base = JSON.stringify({
    flags: [{ key: "b", ...flag }, null, { key: "a", ...flag }],
  });
  const wanted = writeRuleset({ flags: { a: flag, c: flag }, metadata: { version: "2" } });
  const patched = new Map<string, typeof flag | null>([
    ["c", flag],
    ["b", null],
  ]);
  expect(writePatchedText(base, patched, "2")).toBe(wanted);
});
