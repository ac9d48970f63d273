import { describe, expect, it } from "vitest";
import { apply } from "../evaluator.test-support.ts";
import { interpret } from "./interpret.ts";
import { isMember } from "./operators/lists.ts";
import { charge, chargeText, FREE_LITERAL } from "./run.ts";
import { runOf, thrownBy, workOf } from "./run.test-support.ts";

const LIMIT = 400_000;
const TOO_MUCH = {
  code: "GENERAL",
  message: "the rule needs too much work; shorten its lists or texts",
};

describe("the budget", () => {
  it("may be spent to the last unit, not beyond", () => {
    const run = runOf({ work: LIMIT - 10 });
    charge(run, 10);
    expect(run.work).toBe(LIMIT);
    expect(thrownBy(() => charge(run, 1))).toMatchObject(TOO_MUCH);
  });

  it("is one evaluation's, the same for both forms", () => {
    const rule = { "!!": [{ var: "x" }] };
    expect(apply(rule, { x: "y".repeat(LIMIT / 2) })).toStrictEqual({ ok: true, value: true });
    expect(apply(rule, { x: "y".repeat(LIMIT / 2 + 1) })).toStrictEqual({ ok: false, ...TOO_MUCH });
  });
});

describe("a text", () => {
  it.each<[string, unknown, number | undefined, number]>([
    ["of 64 characters is free", "a".repeat(64), undefined, 0],
    ["of 65 characters costs 2 a character", "a".repeat(65), undefined, 130],
    ["of a rule is free up to 256", "a".repeat(256), FREE_LITERAL, 0],
    ["of a rule costs from 257", "a".repeat(257), FREE_LITERAL, 514],
    ["is not a list of 100", Array.from({ length: 100 }, () => 1), undefined, 0],
    ["is not nothing", null, undefined, 0],
  ])("%s", (_title, value, free, work) => {
    const run = runOf();
    chargeText(value, run, free);
    expect(run.work).toBe(work);
  });
});

describe("what a rule takes", () => {
  const [a64, a65, a250, a251, a256, a257] = [64, 65, 250, 251, 256, 257].map((length) => "a".repeat(length));
  it.each<[string, unknown, Record<string, unknown>, number]>([
    ["nothing, however many operations it has", { "!": [{ "!": [{ "!": [1] }] }] }, {}, 0],
    ["nothing for a text of 64 characters in the context", { "!": [{ var: "x" }] }, { x: a64 }, 0],
    [
      "2 a character from 65, each time it is read",
      { or: [{ "!": [{ var: "x" }] }, { "!": [{ var: "x" }] }] },
      { x: a65 },
      260,
    ],
    ["the same within an object", { "!": [{ var: "o.x" }] }, { o: { x: a65 } }, 130],
    ["nothing for a text of 256 characters in the rule", { "!": [a256] }, {}, 0],
    ["2 a character from 257", { "!": [a257] }, {}, 514],
    ["2 a character for a path from 65", { var: a65 }, {}, 130],
    ["16 an element of a list", { "!": [{ var: "l" }] }, { l: [1, 2] }, 32],
    [
      "64 an object, 64 a property and 1 a character of its name",
      { "!": [{ var: "o" }] },
      { o: { a: 1, bcd: 2 } },
      64 + 2 * 64 + 4,
    ],
    ["64 for what has a toJSON", { "!": [{ var: "o" }] }, { o: { toJSON: () => 1 } }, 64],
    ["1 for each character in which another is searched", { in: ["b", a250] }, {}, 250],
    ["the same for a part of 250", { in: [a250, a256] }, {}, 256],
    ["all characters, by an eighth of all of the part, beyond", { in: [a251, a256] }, {}, (256 * 251) / 8],
    ["8 a character that is hashed", { fractional: ["user1", ["a", 1]] }, {}, 40],
    ["1 a character that cat makes", { cat: ["ab", "cde"] }, {}, 5],
    ["1 a character that substr cuts", { substr: ["a😀b", 1] }, {}, 3],
    ["16 an element that merge takes", { merge: [[1, 2], 3] }, {}, 48],
    ["16 a property that set copies", { set: [{ a: 1, b: 2 }, "c", 3] }, {}, 32],
    ["16 a step within a loop", { map: [[1, 2, 3], { "!": 1 }] }, {}, 48],
    [
      "4 more an element of a list within a loop, and 1 where it is searched",
      { map: [[0], { in: [1, [1, 2, 3]] }] },
      {},
      16 + (16 + 2 * 4) + (16 + 3 * 4) + 3,
    ],
    [
      "16 a place at which a loop may put something into its rule",
      { filter: [[1, 2], { "!": [1] }] },
      {},
      48 + 2 * (16 + 16 + 4),
    ],
    ["nothing after a loop", { or: [{ map: [[], 1] }, { "!": [[1]] }, { in: [1, [2]] }] }, {}, 0],
  ])("%s", (_title, rule, context, work) => {
    expect(workOf(rule, context)).toStrictEqual([work, work]);
  });

  it("a loop that ends leaves no trace", () => {
    const run = runOf();
    for (const name of ["map", "filter", "all", "some", "none"])
      interpret({ [name]: [[1], { "!": [1] }] }, {}, run);
    expect(run.loops).toBe(0);
  });

  it("a list is free to search outside a loop", () => {
    for (const [loops, work] of [
      [0, 0],
      [1, 3],
      [2, 3],
    ] as const) {
      const run = runOf({ loops });
      expect(isMember(2, [1, 2, 3], run)).toBe(true);
      expect(run.work).toBe(work);
    }
  });
});
