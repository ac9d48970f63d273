import { describe, expect, it } from "vitest";
import { flagOf } from "../evaluator.test-support.ts";
import { parseRuleset } from "./parse-ruleset.ts";
import { parseRulesetText } from "./parse-text.ts";

describe("text that is not JSON", () => {
  it.each([
    ['{"flags": {\n  "a": 1,\n}}', 3, 1, "expected key"],
    ['{"flags": [1, 2}', 1, 16, "comma or bracket"],
    ['{"flags" {}}', 1, 10, "expected colon"],
    ["", 1, 1, "ends too early"],
    ['{"flags": {}} x', 1, 15, "the end of the text"],
    ['{"flags": tru}', 1, 11, "expected value"],
    ['{"flags": "a\nb"}', 1, 11, "expected value"],
    ['{"flags": [1,]}', 1, 14, "expected value"],
    ["{flags: {}}", 1, 2, "expected key"],
  ])("%j is refused at %d:%d", (text, line, column, message) => {
    const result = parseRulesetText(text);
    expect(result).toMatchObject({ ok: false, issues: [{ code: "invalid-json", line, column }] });
    expect(result.issues[0]?.message).toContain(message);
  });
});

describe("places", () => {
  it("every issue tells its line and column", () => {
    const text = `{
  "flags": {
    "a\\"b": { "state": "ON", "variants": {} },
    "list": { "state": "ENABLED", "variants": { "x": [1, { "y": "}" }] }, "defaultVariant": "z" }
  },
  "metadata": { "ok": 1, "bad": [ ] }
}`;
    expect(parseRulesetText(text).issues.map(({ code, line, column }) => [code, line, column])).toStrictEqual(
      [
        ["invalid-state", 3, 24],
        ["invalid-default-variant", 4, 93],
        ["invalid-metadata", 6, 33],
      ],
    );
  });

  it("an issue about what is missing points at what should hold it", () => {
    expect(parseRulesetText('\n{"flag": 1}').issues).toMatchObject([
      { code: "missing-flags", line: 2, column: 1 },
    ]);
  });

  it("in a list of flags, the index leads there", () => {
    const text = `{"flags": [\n ${JSON.stringify({ key: "a", ...flagOf() })},\n {"key": "b", "state": 1}\n]}`;
    expect(parseRulesetText(text).issues).toMatchObject([
      { code: "flag-list" },
      { code: "invalid-state", line: 3, column: 24 },
    ]);
  });
});

describe("budgets", () => {
  it("a text over the limit is refused unread", () => {
    expect(parseRulesetText("x".repeat(11), { maxLength: 10 })).toMatchObject({
      ok: false,
      issues: [{ code: "budget-exceeded" }],
    });
  });

  it("more flags than allowed are refused", () => {
    expect(parseRuleset({ flags: { a: 1, b: 2 } }, { maxFlags: 1 })).toMatchObject({
      ok: false,
      issues: [{ code: "budget-exceeded" }],
    });
  });

  it("a rule of exactly the limit passes, one value more does not", () => {
    const flag = flagOf({ targeting: { and: [1, 2, 3] } });
    expect(parseRuleset({ flags: { flag } }, { maxNodes: 5, maxDepth: 1 }).issues).toStrictEqual([]);
    expect(parseRuleset({ flags: { flag } }, { maxNodes: 4 }).issues).toMatchObject([
      { code: "budget-exceeded" },
    ]);
    expect(parseRuleset({ flags: { flag } }, { maxDepth: 0 }).issues).toMatchObject([
      { code: "budget-exceeded" },
    ]);
  });
});
