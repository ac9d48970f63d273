import { describe, expect, it } from "vitest";
import { flagOf, rulesetOf } from "../evaluator.test-support.ts";
import { mergeRulesets } from "../merge.ts";
import type { IssueCode } from "../types.ts";
import { parseRuleset } from "./parse-ruleset.ts";

describe("a document", () => {
  it.each<[string, unknown, IssueCode]>([
    ["null", null, "invalid-document"],
    ["a list", [], "invalid-document"],
    ["no flags", {}, "missing-flags"],
    ["flags that are text", { flags: "x" }, "missing-flags"],
    ["flags that are null", { flags: null }, "missing-flags"],
  ])("of %s is refused", (_title, document, code) => {
    expect(parseRuleset(document)).toMatchObject({ ok: false, issues: [{ code, severity: "error" }] });
  });

  it.each<[string, unknown, IssueCode]>([
    ["a text", "x", "invalid-flag"],
    ["a list", [], "invalid-flag"],
    ["no state", { variants: {} }, "invalid-state"],
    ["a state of its own", { ...flagOf(), state: "on" }, "invalid-state"],
    ["no variants", { state: "ENABLED" }, "invalid-variants"],
    ["variants in a list", { state: "ENABLED", variants: [] }, "invalid-variants"],
    ["an unknown default", { ...flagOf(), defaultVariant: "x" }, "invalid-default-variant"],
    ["a default that is no name", { ...flagOf(), defaultVariant: 1 }, "invalid-default-variant"],
  ])("with a flag that is %s quarantines that flag", (_title, flag, code) => {
    const result = parseRuleset({ flags: { flag, other: flagOf() } });
    if (!result.ok) throw new Error("refused");
    expect(result.issues).toMatchObject([{ code, flagKey: "flag" }]);
    expect([...result.ruleset.quarantined.keys()]).toStrictEqual(["flag"]);
    expect([...result.ruleset.flags.keys()]).toStrictEqual(["other"]);
  });

  it("keeps good metadata and reports the rest", () => {
    const result = parseRuleset({ flags: {}, metadata: { a: 1, b: null, c: [] } });
    expect(result).toMatchObject({
      ok: true,
      issues: [{ code: "invalid-metadata", path: ["metadata", "c"] }],
    });
    expect(result.ok && result.ruleset.metadata).toStrictEqual({ a: 1 });
    expect(parseRuleset({ flags: {}, metadata: 1, $evaluators: [] }).issues).toMatchObject([
      { code: "invalid-evaluators" },
      { code: "invalid-metadata" },
    ]);
  });

  it("keeps the parsed objects of flags without anything to replace", () => {
    const flag = flagOf({ targeting: { if: [{ var: "x" }, "on"] }, metadata: { owner: "me" } });
    expect(rulesetOf({ flags: { flag } }).flags.get("flag")).toBe(flag);
  });
});

describe("a list of flags", () => {
  it("is read like a map; the later of two counts, and one without key is left out", () => {
    const result = parseRuleset({
      flags: [{ key: "a", ...flagOf() }, { ...flagOf() }, { key: "a", ...flagOf({ defaultVariant: "on" }) }],
    });
    expect(result.issues.map(({ code }) => code)).toStrictEqual([
      "flag-list",
      "duplicate-key",
      "invalid-key",
    ]);
    expect(result.ok && result.ruleset.flags.get("a")).toMatchObject({ defaultVariant: "on" });
  });
});

describe("references", () => {
  const $evaluators = { inner: { var: "x" }, outer: { "!": [{ $ref: "inner" }] } };

  it("are replaced on the tree, also within evaluators, and text in them stays text", () => {
    const targeting = { if: [{ and: [{ $ref: "outer" }, "$&", { a: { $ref: "inner" }, b: 1 }] }, "on"] };
    const ruleset = rulesetOf({ $evaluators, flags: { flag: flagOf({ targeting }) } });
    expect(ruleset.flags.get("flag")?.targeting).toStrictEqual({
      if: [{ and: [{ "!": [{ var: "x" }] }, "$&", { a: { var: "x" }, b: 1 }] }, "on"],
    });
    expect(ruleset.evaluators.get("outer")).toStrictEqual({ "!": [{ var: "x" }] });
  });

  it("with another key beside it is none", () => {
    const targeting = { $ref: "inner", other: 1 };
    expect(
      rulesetOf({ $evaluators, flags: { flag: flagOf({ targeting }) } }).flags.get("flag")?.targeting,
    ).toStrictEqual(targeting);
  });

  it.each([["nope"], [1], [null], [{ a: 1 }]])("to %j stays as it is", (name) => {
    const targeting = { if: [{ $ref: name }, "on"] };
    const result = parseRuleset({ $evaluators, flags: { flag: flagOf({ targeting }) } });
    expect(result.ok && result.ruleset.flags.get("flag")?.targeting).toStrictEqual(targeting);
  });

  it.each([["nope"], [1], [null]])("to %j is reported", (name) => {
    const flag = flagOf({ targeting: { $ref: name } });
    expect(parseRuleset({ $evaluators, flags: { flag } }).issues).toMatchObject([
      { code: "unknown-reference" },
    ]);
  });
});

describe("mergeRulesets", () => {
  it("lets the later win, for broken flags too", () => {
    const first = rulesetOf({
      flags: { a: flagOf(), b: flagOf(), c: {} },
      metadata: { x: 1, y: 1 },
      $evaluators: { e: 1 },
    });
    const second = rulesetOf({
      flags: { a: flagOf({ defaultVariant: "on" }), b: {}, c: flagOf() },
      metadata: { y: 2 },
      $evaluators: { e: 2 },
    });
    const merged = mergeRulesets([first, second]);
    expect(merged.flags.get("a")).toMatchObject({ defaultVariant: "on" });
    expect([...merged.flags.keys()]).toStrictEqual(["a", "c"]);
    expect([...merged.quarantined.keys()]).toStrictEqual(["b"]);
    expect(merged.metadata).toStrictEqual({ x: 1, y: 2 });
    expect(merged.evaluators.get("e")).toBe(2);
  });
});
