import { describe, expect, test } from "vitest";
import { listChangedFlags } from "./changed-flags.ts";
import { parsePatch } from "./parse-patch.ts";
import { compareRevisions } from "./revision.ts";
import { createRulesetGate, hashText, type RulesetGate } from "./ruleset-gate.ts";

const flag = (variant: string): object => ({
  state: "ENABLED",
  variants: { on: true, off: false },
  defaultVariant: variant,
});
const document = (version: string | number | undefined, flags: object = { a: flag("on") }): string =>
  JSON.stringify({ flags, ...(version === undefined ? {} : { metadata: { version } }) });
const patch = (from: string, to: string, flags: object): Parameters<RulesetGate["offerPatch"]>[0] => {
  const parsed = parsePatch(JSON.stringify({ from, to, flags, changes: [] }));
  if (parsed === undefined) throw new Error("the patch of this test is malformed");
  return parsed;
};

describe("I6: never an older revision over a newer one (LD-S9)", () => {
  test.each([
    ["higher", "8", "taken"],
    ["same, other bytes,", "7", "gap"],
    ["lower", "6", "older"],
    ["lower, though greater as text", "10", "taken"],
  ])("a whole ruleset with a %s version", (_which, version, verdict) => {
    const gate = createRulesetGate(true);
    gate.offerText(document("7"), {});
    expect(gate.offerText(document(version, { b: flag("on") }), {}).kind).toBe(verdict);
    expect(gate.held?.revision).toBe(verdict === "taken" ? version : "7");
  });

  test.each([
    ["that fits", "7", "8", "taken"],
    ["to the revision held", "6", "7", "same"],
    ["to an older one", "5", "6", "older"],
    ["that leaves a gap", "8", "9", "gap"],
  ])("a patch %s", (_which, from, to, verdict) => {
    const gate = createRulesetGate(true);
    gate.offerText(document("7"), {});
    expect(gate.offerPatch(patch(from, to, { a: null })).kind).toBe(verdict);
    expect(gate.held?.ruleset.flags.has("a")).toBe(verdict !== "taken");
  });

  test.each([
    ["confirms it", (gate: RulesetGate) => gate.confirm()],
    ["sends the same bytes", (gate: RulesetGate) => void gate.offerText(document("7"), {})],
    [
      "sends other bytes of the same revision, verified",
      (gate: RulesetGate) => void gate.offerText(document("7", {}), { verified: true }),
    ],
    ["has overtaken it", (gate: RulesetGate) => void gate.offerText(document("7.1"), {})],
  ])("patches of a server that was seen to be behind do not count until it %s", (_what, agree) => {
    const gate = createRulesetGate(true);
    gate.offerText(document("7"), {});
    gate.offerText(document("3"), {});
    expect(gate.isAhead).toBe(true);
    expect(gate.offerPatch(patch("6", "7", { a: null })).kind).toBe("gap");
    expect(gate.offerPatch(patch("7", "8", { a: null })).kind).toBe("gap");
    agree(gate);
    expect(gate.isAhead).toBe(false);
    const held = gate.held?.revision ?? "";
    expect(gate.offerPatch(patch(held, "9", { a: null })).kind).toBe("taken");
  });

  test("a deleted flag does not come back with a late patch", () => {
    const gate = createRulesetGate(true);
    gate.offerText(document("7"), {});
    gate.offerPatch(patch("7", "9", { a: null }));
    expect(gate.offerPatch(patch("7", "8", { a: flag("off") })).kind).toBe("older");
    expect(gate.held?.ruleset.flags.has("a")).toBe(false);
  });

  test("revisions that are no counters are only the same or different", () => {
    expect([
      compareRevisions("abc", "7"),
      compareRevisions("abc", "abd"),
      compareRevisions("abc", "abc"),
    ]).toEqual(["different", "different", "same"]);
    expect(compareRevisions("18446744073709551617", "18446744073709551616")).toBe("newer");
    expect(compareRevisions("007", "7")).toBe("same");
  });
});

describe("I7: what is bad never replaces what is good", () => {
  test.each([
    ["empty", ""],
    ["not JSON", "{"],
    ["a page", "<html>"],
    ["an array", "[]"],
    ["without flags", '{"metadata":{"version":"9"}}'],
    ["with flags of another type", '{"flags":7}'],
  ])("a document that is %s", (_which, text) => {
    const gate = createRulesetGate(true);
    gate.offerText(document("7"), {});
    expect(gate.offerText(text, {}).kind).toBe("invalid");
    expect(gate.held?.revision).toBe("7");
  });

  test("a ruleset that is not the revision it was announced as", () => {
    expect(createRulesetGate(true).offerText(document("98"), { revision: "58" }).kind).toBe("invalid");
  });

  test.each([
    ["not JSON", "{"],
    ["without from", '{"to":"8","flags":{}}'],
    ["with flags of another type", '{"from":"7","to":"8","flags":[]}'],
    ["with a flag of another type", '{"from":"7","to":"8","flags":{"a":"on"}}'],
    ["null", "null"],
  ])("a patch that is %s", (_which, text) => {
    expect(parsePatch(text)).toBeUndefined();
  });

  test("a patch with unknown fields and unreadable changes is good", () => {
    const text =
      '{"from":7,"to":8,"flags":{},"new":1,"changes":[{"id":"c","flagKey":"a","occurredAt":"2026-01-01T00:00:00Z"},{"id":1},null]}';
    expect(parsePatch(text)).toMatchObject({
      from: "7",
      to: "8",
      changes: [{ id: "c", occurredAtMs: 1767225600000 }],
    });
  });

  test("one bad flag harms only itself", () => {
    const gate = createRulesetGate(true);
    gate.offerText(document("7", { a: flag("on"), b: { state: 7 } }), {});
    expect([...(gate.held?.ruleset.flags.keys() ?? [])]).toEqual(["a"]);
  });
});

test("I8: the same revision gives way only to other bytes that were verified", () => {
  const gate = createRulesetGate(true);
  gate.offerText(document("7", { a: flag("on") }), {});
  const repaired = document("7", { a: flag("off") });
  expect(gate.offerText(repaired, {}).kind).toBe("gap");
  expect(gate.offerText(repaired, { verified: true }).kind).toBe("taken");
  expect(gate.offerText(repaired, {}).kind).toBe("same");
  expect(gate.held?.ruleset.flags.get("a")?.defaultVariant).toBe("off");
});

test("after patches, the ETag is the hash of the bytes the server would send, references included", () => {
  const gate = createRulesetGate(true);
  const rule = { if: [{ $ref: "staff" }, "on", "off"] };
  const evaluators = { staff: { ends_with: [{ var: "email" }, "@example.com"] } };
  const withRule = { ...flag("off"), targeting: rule };
  const canonical = (version: string, flags: object): string =>
    JSON.stringify({ $evaluators: evaluators, flags, metadata: { version } });
  const a = { defaultVariant: "on", state: "ENABLED", variants: { off: false, on: true } };
  gate.offerText(canonical("7", { a }), {});
  gate.offerPatch(patch("7", "8", { b: withRule }));
  const sorted = {
    a,
    b: { defaultVariant: "off", state: "ENABLED", targeting: rule, variants: { off: false, on: true } },
  };
  expect(gate.text()).toBe(canonical("8", sorted));
  expect(gate.etag()).toBe(`"${hashText(canonical("8", sorted))}"`);
});

describe("flagsChanged", () => {
  const layer = (flags: object): Parameters<typeof listChangedFlags>[0] => {
    const gate = createRulesetGate(false);
    gate.offerText(JSON.stringify({ flags }), {});
    const { held } = gate;
    return held === undefined ? [] : [{ ruleset: held.ruleset, revision: held.revision }];
  };
  test("names exactly what differs: new, gone, other, broken", () => {
    const before = layer({ same: flag("on"), other: flag("on"), gone: flag("on"), breaks: flag("on") });
    const after = layer({ same: flag("on"), other: flag("off"), fresh: flag("on"), breaks: { state: 1 } });
    expect(listChangedFlags(before, after)).toEqual(["breaks", "fresh", "gone", "other"]);
  });
  test("are looked for only among what a patch touched, and a patch that changes nothing names none", () => {
    const [before, after] = [
      layer({ a: flag("on"), b: flag("on") }),
      layer({ a: flag("on"), b: flag("off") }),
    ];
    expect(listChangedFlags(before, after, ["a"])).toEqual([]);
    expect(listChangedFlags(before, after, ["a", "b"])).toEqual(["b"]);
  });
  test("of several layers counts what the last one says", () => {
    const [low, high] = [layer({ a: flag("on"), b: flag("on") }), layer({ a: flag("off") })];
    const lowChanged = layer({ a: flag("off"), b: flag("off") });
    expect(listChangedFlags([...low, ...high], [...lowChanged, ...high])).toEqual(["b"]);
  });
});
