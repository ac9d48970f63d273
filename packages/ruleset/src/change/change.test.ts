import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseRuleset } from "../parse/parse-ruleset.ts";
import { renderRollout } from "../rollout/index.ts";
import type { FlagDefinition, JsonValue } from "../types.ts";
import { describeChange, type FlagChange, parseFlagChange, summarizeFlag } from "./index.ts";

const minimal: FlagChange = {
  id: "c1",
  occurredAt: "2026-03-01T12:00:00Z",
  source: "flagspan",
  flagSetId: "shop.prod",
  flagKey: "dark-mode",
  action: "updated",
  actor: { id: "ada", type: "user" },
};
const off = { state: "ENABLED", defaultVariant: "off" } as const;

function issuesOf(input: unknown): readonly string[] {
  const result = parseFlagChange(input);
  return result.ok ? [] : result.issues.map((issue) => `${issue.path.join(".")} | ${issue.message}`);
}

describe("parsing a change", () => {
  const text = fc.string({ minLength: 1, maxLength: 40 });
  const summary = fc.record(
    {
      state: fc.constantFrom("ENABLED" as const, "DISABLED" as const),
      defaultVariant: fc.option(text),
      percentages: fc.dictionary(text, fc.double({ min: 0, max: 100, noNaN: true })),
      segments: fc.array(text, { maxLength: 4 }),
    },
    { requiredKeys: ["state", "defaultVariant"] },
  );
  const changes = fc.record(
    {
      id: text,
      occurredAt: fc
        .date({ min: new Date(0), max: new Date("2100-01-01"), noInvalidDate: true })
        .map((at) => at.toISOString()),
      source: text,
      flagSetId: text,
      flagKey: text,
      action: fc.constantFrom("created", "rollout", "killed", "archived", "restored"),
      actor: fc.record({ id: text, type: fc.constantFrom("user", "api", "automation", "system") }),
      reason: text,
      revision: text,
      previousRevision: text,
      previous: summary,
      current: summary,
      segments: fc.array(text, { maxLength: 4 }),
      url: text,
      traceparent: fc.constant("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
    },
    { requiredKeys: ["id", "occurredAt", "source", "flagSetId", "flagKey", "action", "actor"] },
  );

  test("gives back every change that was written as JSON", () => {
    fc.assert(
      fc.property(changes, (change) => {
        const written: unknown = JSON.parse(JSON.stringify(change));
        const result = parseFlagChange(written);
        expect(result.ok && result.change).toEqual(written);
      }),
    );
  });

  test("never throws, whatever comes in, and refuses with issues", () => {
    fc.assert(
      fc.property(fc.anything({ withNullPrototype: true, withBigInt: true }), (input) => {
        const result = parseFlagChange(input);
        expect(result.ok || result.issues.length > 0).toBe(true);
      }),
    );
    fc.assert(
      fc.property(changes, fc.constantFrom(...Object.keys(minimal)), fc.anything(), (change, name, value) => {
        const result = parseFlagChange({ ...change, [name]: value });
        expect(result.ok || result.issues.length > 0).toBe(true);
      }),
    );
  });

  test("leaves out what it does not know, and what is not the object's own", () => {
    const input = Object.assign(Object.create({ reason: "inherited" }) as object, minimal, { extra: 1 });
    const result = parseFlagChange(input);
    expect(result.ok && result.change).toEqual(minimal);
  });

  test("tells every issue at once, each with its path", () => {
    expect(
      issuesOf({
        action: "exploded",
        actor: { id: "", type: "robot" },
        occurredAt: "noon",
        segments: ["a", 1],
      }),
    ).toEqual([
      'occurredAt | occurredAt must be an RFC 3339 time such as "2026-01-31T12:00:00Z"',
      "id | id is missing",
      "source | source is missing",
      "flagSetId | flagSetId is missing",
      "flagKey | flagKey is missing",
      "action | action must be one of created, updated, deleted, enabled, disabled, rollout, killed, archived, restored",
      "actor.id | actor.id must not be empty",
      "actor.type | actor.type must be one of user, api, automation, system",
      "segments.1 | segments.1 must be a text of at most 512 characters",
    ]);
  });

  test.each<[string, object, string]>([
    ["a time that is none", { occurredAt: "2026-13-45T12:00:00Z" }, "occurredAt"],
    ["a time without zone", { occurredAt: "2026-03-01T12:00:00" }, "occurredAt"],
    ["a reason as long as a book", { reason: "x".repeat(4097) }, "reason"],
    ["an id too long", { id: "x".repeat(257) }, "id"],
    ["an actor that is a name", { actor: "ada" }, "actor"],
    ["a traceparent that is none", { traceparent: "00-abc" }, "traceparent"],
    ["too many segments", { segments: Array.from({ length: 257 }, () => "a") }, "segments"],
    ["a summary that is a text", { current: "off" }, "current"],
    ["a summary without default", { current: { state: "ENABLED" } }, "current.defaultVariant"],
    ["a summary of another state", { previous: { state: "ON", defaultVariant: null } }, "previous.state"],
    ["a share over 100", { current: { ...off, percentages: { on: 101 } } }, "current.percentages"],
    ["a share below 0", { current: { ...off, percentages: { on: -1 } } }, "current.percentages"],
    ["shares as a list", { current: { ...off, percentages: [1] } }, "current.percentages"],
    ["a share as text", { current: { ...off, percentages: { on: "1" } } }, "current.percentages"],
  ])("refuses %s", (_, overrides, path) => {
    const result = parseFlagChange({ ...minimal, ...overrides });
    expect(result.ok ? [] : result.issues.map((issue) => [issue.code, issue.path.join(".")])).toEqual([
      ["invalid-change", path],
    ]);
  });

  test.each([[undefined], [null], ["text"], [[minimal]]])("refuses %j, which is no object", (input) => {
    expect(issuesOf(input)).toEqual([" | the change must be an object"]);
  });
});

describe("describing a change", () => {
  const describeIt = (overrides: Partial<FlagChange>): string => describeChange({ ...minimal, ...overrides });

  test.each<[string, Partial<FlagChange>, string]>([
    [
      "a rollout",
      {
        action: "rollout",
        actor: { id: "guard", type: "automation" },
        previous: { ...off, percentages: { on: 1, off: 99 } },
        current: { ...off, percentages: { on: 10, off: 90 }, segments: ["internal"] },
        reason: "stage 10pct",
      },
      "guard moved the rollout of dark-mode in shop.prod, on from 1 % to 10 %, now also for internal: stage 10pct",
    ],
    [
      "the start of a rollout",
      { action: "rollout", previous: off, current: { ...off, percentages: { on: 0.125, off: 99.875 } } },
      "ada moved the rollout of dark-mode in shop.prod, on at 0.125 %",
    ],
    [
      "the end of a rollout",
      {
        action: "rollout",
        previous: { ...off, percentages: { on: 100 } },
        current: { ...off, defaultVariant: "on" },
      },
      "ada moved the rollout of dark-mode in shop.prod, no more percentages (on was at 100 %), default from off to on",
    ],
    [
      "a kill",
      { action: "killed", current: off, reason: "errors" },
      "ada killed dark-mode in shop.prod, everyone gets off: errors",
    ],
    [
      "a kill for some",
      { action: "killed", current: off, segments: ["beta"] },
      "ada killed dark-mode in shop.prod, for beta",
    ],
    ["a kill without more", { action: "killed" }, "ada killed dark-mode in shop.prod, for everyone"],
    [
      "a kill without segments",
      { action: "killed", segments: [], current: off },
      "ada killed dark-mode in shop.prod, everyone gets off",
    ],
    [
      "a new flag",
      { action: "created", current: off },
      "ada created dark-mode in shop.prod, now serving off",
    ],
    [
      "a new flag that is off",
      { action: "created", current: { state: "DISABLED", defaultVariant: "on" } },
      "ada created dark-mode in shop.prod, disabled: callers get their code default",
    ],
    [
      "an enabled flag",
      {
        action: "enabled",
        current: { ...off, percentages: { on: 50, off: 50 }, segments: ["a", "b", "c", "d"] },
      },
      "ada enabled dark-mode in shop.prod, now serving on 50 % and off 50 %, with rules for a, b, c and 1 more",
    ],
    [
      "a disabled flag",
      { action: "disabled" },
      "ada disabled dark-mode in shop.prod, callers get their code default",
    ],
    [
      "a deleted flag",
      { action: "deleted" },
      "ada deleted dark-mode in shop.prod, callers get their code default",
    ],
    [
      "another vendor's change",
      { source: "launchdarkly", action: "archived" },
      "ada archived dark-mode in shop.prod (launchdarkly)",
    ],
    [
      "a default",
      { previous: off, current: { ...off, defaultVariant: null } },
      "ada changed dark-mode in shop.prod, default from off to the code default",
    ],
    [
      "segments",
      { previous: { ...off, segments: ["a"] }, current: off },
      "ada changed dark-mode in shop.prod, no longer for a",
    ],
    [
      "nothing known but whom it touches",
      { segments: ["beta"] },
      "ada changed dark-mode in shop.prod, for beta",
    ],
    ["nothing known", {}, "ada changed dark-mode in shop.prod"],
    [
      "a restore",
      { action: "restored", current: off },
      "ada restored dark-mode in shop.prod, now serving off",
    ],
  ])("says %s in one sentence", (_, overrides, expected) => {
    expect(describeIt(overrides)).toBe(expected);
  });

  test("is one line without control or bidirectional characters, and of bounded length, whatever the change holds", () => {
    const nasty = fc.string({
      unit: fc.constantFrom("a", " ", "\n", "\u001b[31m", "\u202e", "\u2028", "\ud800", "😀", "\u0000"),
      maxLength: 3000,
    });
    fc.assert(
      fc.property(nasty, nasty, fc.array(nasty, { maxLength: 6 }), (text, reason, segments) => {
        const current = { ...off, defaultVariant: text, percentages: { [text]: 5 }, segments };
        const sentence = describeIt({
          flagKey: text,
          actor: { id: text, type: "user" },
          source: text,
          reason,
          current,
          previous: off,
          segments,
        });
        expect(sentence).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/u);
        expect(sentence.length).toBeLessThan(2500);
      }),
    );
  });
});

describe("summing up a flag", () => {
  const flagOf = (targeting?: JsonValue, overrides: Partial<FlagDefinition> = {}): FlagDefinition => ({
    state: "ENABLED",
    variants: { on: true, off: false },
    defaultVariant: "off",
    ...(targeting === undefined ? {} : { targeting }),
    ...overrides,
  });
  const half: JsonValue = {
    fractional: [
      ["on", 1],
      ["off", 1],
    ],
  };

  test.each<[string, FlagDefinition, object]>([
    ["no targeting", flagOf(), off],
    ["the code default", flagOf(undefined, { defaultVariant: "" }), { ...off, defaultVariant: null }],
    [
      "a share",
      flagOf({ fractional: [{ var: "id" }, ["on", 1], ["off", 2]] }),
      { ...off, percentages: { on: 33.333, off: 66.667 } },
    ],
    [
      "a share without key and weights",
      flagOf({ fractional: [["on"], ["off", null]] }),
      { ...off, percentages: { on: 50, off: 50 } },
    ],
    [
      "a negative weight",
      flagOf({
        fractional: [
          ["on", -5],
          ["off", 5],
        ],
      }),
      { ...off, percentages: { on: 0, off: 100 } },
    ],
    [
      "a variant in two buckets",
      flagOf({
        fractional: [
          ["on", 1],
          ["off", 1],
          ["on", 2],
        ],
      }),
      { ...off, percentages: { on: 75, off: 25 } },
    ],
    [
      "the share of everyone else",
      flagOf({ if: [{ $ref: "vip" }, { fractional: [["on", 1]] }, half] }),
      { ...off, percentages: { on: 50, off: 50 }, segments: ["vip"] },
    ],
    [
      "the last rule's share",
      flagOf({ if: [{ var: "a" }, half, { var: "b" }, { fractional: [["on", 1]] }, "off"] }),
      { ...off, percentages: { on: 100 } },
    ],
    [
      "a share within an if",
      flagOf({ if: [{ var: "a" }, { if: [{ var: "b" }, half] }] }),
      { ...off, percentages: { on: 50, off: 50 } },
    ],
    [
      "a computed weight",
      flagOf({
        fractional: [
          ["on", { var: "w" }],
          ["off", 1],
        ],
      }),
      off,
    ],
    [
      "a computed variant",
      flagOf({
        fractional: [
          [{ var: "v" }, 1],
          ["off", 1],
        ],
      }),
      off,
    ],
    ["weights of 0", flagOf({ fractional: [["on", 0]] }), off],
    ["a share in a condition", flagOf({ if: [half, "on"] }), off],
    [
      "segments in order of appearance",
      flagOf({ if: [{ or: [{ $ref: "b" }, { $ref: "a" }] }, "on", { $ref: "b" }, "off"] }),
      { ...off, segments: ["b", "a"] },
    ],
  ])("tells of %s", (_, flag, expected) => {
    expect(summarizeFlag(flag)).toEqual(expected);
  });

  test("tells the variant whose twin is the default of a flag in a rollout, and no other twin", () => {
    const step = {
      rolloutId: "r",
      stage: "s",
      treatment: "on",
      control: "off",
      salt: "r",
      segments: ["vip"],
      percent: 2,
    };
    const rendered = renderRollout(flagOf(), step);
    expect(rendered.ok && rendered.flag.defaultVariant).toBe("off.fixed");
    expect(rendered.ok && summarizeFlag(rendered.flag)).toEqual({
      ...off,
      percentages: { on: 2, off: 98 },
      segments: ["vip"],
    });
    const own = flagOf(undefined, {
      variants: { off: false, "off.fixed": false },
      defaultVariant: "off.fixed",
    });
    expect(summarizeFlag(own).defaultVariant).toBe("off.fixed");
  });

  test("names the segments of a parsed ruleset through its evaluators, the outermost only", () => {
    const $evaluators = {
      staff: { "==": [{ var: "staff" }, true] },
      inner: { or: [{ $ref: "staff" }, { var: "x" }] },
    };
    const parsed = parseRuleset({
      flags: { f: flagOf({ if: [{ $ref: "inner" }, "on", { $ref: "staff" }, "off"] }) },
      $evaluators,
    });
    const flag = parsed.ok ? parsed.ruleset.flags.get("f") : undefined;
    expect(flag && summarizeFlag(flag).segments).toBeUndefined();
    expect(flag && parsed.ok && summarizeFlag(flag, parsed.ruleset.evaluators).segments).toEqual([
      "inner",
      "staff",
    ]);
  });
});
