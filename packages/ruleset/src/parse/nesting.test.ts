import { describe, expect, it } from "vitest";
import { MAX_NESTING, nestsTooDeep } from "./nesting.ts";
import { parseRulesetText } from "./parse-text.ts";

const lists = (depth: number): string => `${"[".repeat(depth)}1${"]".repeat(depth)}`;
const document = (value: string): string =>
  `{"flags":{"deep":{"state":"ENABLED","variants":{"on":true},"targeting":${value}},"other":{"state":"ENABLED","variants":{"on":true},"defaultVariant":"on"}}}`;

describe("a text that nests", () => {
  it("is too deep from one level on", () => {
    expect([MAX_NESTING, MAX_NESTING + 1].map((depth) => nestsTooDeep(lists(depth)))).toStrictEqual([
      false,
      true,
    ]);
  });

  it("is looked at outside of its texts only, and with what was closed again", () => {
    const flat = `[${"[],".repeat(MAX_NESTING * 2)}[]]`;
    const quoted = `["${"[".repeat(MAX_NESTING * 2)}"]`;
    const escaped = `["\\"${"[".repeat(MAX_NESTING * 2)}"]`;
    expect([flat, quoted, escaped].map(nestsTooDeep)).toStrictEqual([false, false, false]);
    expect(nestsTooDeep(`["\\\\",${lists(MAX_NESTING)}]`)).toBe(true);
  });

  it("too deep is refused before it is parsed; below that its flag alone is quarantined", () => {
    expect(parseRulesetText(document(lists(500_000)))).toMatchObject({
      ok: false,
      issues: [{ code: "budget-exceeded", message: "the text nests deeper than 100000 levels" }],
    });
    const result = parseRulesetText(document(lists(50_000)));
    expect(result.ok && [...result.ruleset.flags.keys()]).toStrictEqual(["other"]);
  });
});
