import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createHashPrefix, hashAfter } from "../compile/hash-prefix.ts";
import { apply, evaluate, flagOf, rulesetOf } from "../evaluator.test-support.ts";
import { bucketOf, MAX_WEIGHT } from "./bucket.ts";
import { hashText } from "./hash.ts";

/** UTF-16 units as they come: other alphabets, pairs, and surrogates without a partner. */
const unit = fc.oneof(fc.nat(0x7f), fc.nat(0xffff), fc.integer({ min: 0xd800, max: 0xdfff }));

describe("hashText", () => {
  it.each([
    ["ejOoVL", 0],
    ["bY9fO-", 1],
    ["SI7p-", 2_147_483_647],
    ["6LvT0", 2_147_483_648],
    ["ceQdGm", 4_294_967_295],
    ["José", 3_422_137_460],
    ["\x7f\x80\u07ff\u0800", 1_091_750_216],
    ["\ud7ff\ue000\uffff", 2_547_266_837],
    ["\u{10000}\u{1f600}\u{10ffff}", 2_914_690_677],
    ["ab", 2_613_040_991],
    ["abcd", 1_139_631_978],
    ["abcde", 3_902_511_862],
    ["\udfffx", 1_125_826_721],
    ["", 0],
  ])("of %j is %d", (text, expected) => {
    expect(hashText(text)).toBe(expected);
  });

  it("is the same for any split into prefix and rest", () => {
    fc.assert(
      fc.property(
        fc.array(unit, { maxLength: 40 }).map((units) => String.fromCharCode(...units)),
        fc.nat(40),
        (text, at) => {
          // Between the halves of a pair each half alone would be a lone surrogate.
          const cut = /[\udc00-\udfff]/.test(text.charAt(at)) ? at + 1 : at;
          expect(hashAfter(createHashPrefix(text.slice(0, cut)), text.slice(cut))).toBe(hashText(text));
        },
      ),
    );
  });

  it("hashes UTF-8: a lone surrogate as the replacement character", () => {
    expect(hashText("a\ud800b")).toBe(hashText("a\ufffdb"));
    expect(hashText("😀")).not.toBe(hashText("\ufffd\ufffd"));
  });
});

describe("bucketOf", () => {
  it("is exact where a double is not", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2 ** 32 - 1 }),
        fc.integer({ min: 1, max: MAX_WEIGHT }),
        (hash, total) => {
          expect(bucketOf(hash, total)).toBe(Number((BigInt(hash) * BigInt(total)) >> 32n));
        },
      ),
    );
    expect(bucketOf(4_294_967_295, MAX_WEIGHT)).toBe(2_147_483_646);
  });
});

describe("fractional", () => {
  const value = (rule: unknown, context: unknown = { targetingKey: "user1" }): unknown => {
    const result = apply(rule, context);
    return result.ok ? result.value : result.code;
  };
  const half = [
    ["a", 50],
    ["b", 50],
  ];

  it.each<[string, unknown, unknown]>([
    ["no targeting key", { fractional: half }, {}],
    ["an empty targeting key", { fractional: half }, { targetingKey: "" }],
    ["a targeting key that is no text", { fractional: half }, { targetingKey: 1 }],
    ["no buckets", { fractional: [] }, undefined],
    ["only a key", { fractional: ["key"] }, undefined],
    [
      "weights that sum to 0",
      {
        fractional: [
          ["a", 0],
          ["b", 0],
        ],
      },
      undefined,
    ],
    ["negative weights alone", { fractional: [["a", -1]] }, undefined],
    [
      "a weight with a fraction",
      {
        fractional: [
          ["a", 1.5],
          ["b", 1],
        ],
      },
      undefined,
    ],
    [
      "a weight that is text",
      {
        fractional: [
          ["a", "1"],
          ["b", 1],
        ],
      },
      undefined,
    ],
    [
      "a weight over the maximum",
      {
        fractional: [
          ["a", MAX_WEIGHT + 1],
          ["b", 1],
        ],
      },
      undefined,
    ],
    [
      "a weight below the least integer of 64 bits",
      {
        fractional: [
          ["a", -1e19],
          ["b", 1],
        ],
      },
      undefined,
    ],
    [
      "weights that sum over the maximum",
      {
        fractional: [
          ["a", MAX_WEIGHT],
          ["b", 1],
        ],
      },
      undefined,
    ],
    ["a bare text", { fractional: "key" }, undefined],
    ["nothing", { fractional: null }, undefined],
    ["an empty bucket", { fractional: [[], ["b", 1]] }, undefined],
    ["a bucket that is text", { fractional: [["a", 1], "b"] }, undefined],
    ["a variant that is a list", { fractional: [[["a"], 1]] }, undefined],
    ["a number as key", { fractional: [{ var: "n" }, ["a", 1]] }, { n: 5, targetingKey: "u" }],
  ])("%s gives null", (_title, rule, context) => {
    expect(value(rule, context)).toBeNull();
  });

  it.each<[string, unknown, unknown, unknown]>([
    ["a missing weight counts 1", { fractional: [["a"], ["b", 0]] }, undefined, "a"],
    [
      "a null weight counts 1",
      {
        fractional: [
          ["a", null],
          ["b", 0],
        ],
      },
      undefined,
      "a",
    ],
    [
      "a negative weight counts 0",
      {
        fractional: [
          ["a", -5],
          ["b", 1],
        ],
      },
      undefined,
      "b",
    ],
    [
      "the least integer of 64 bits counts 0",
      {
        fractional: [
          ["a", -(2 ** 63)],
          ["b", 1],
        ],
      },
      undefined,
      "b",
    ],
    [
      "the weights may sum to the maximum",
      {
        fractional: [
          ["a", MAX_WEIGHT - 1],
          ["a", 1],
        ],
      },
      undefined,
      "a",
    ],
    ["one weight may be the maximum", { fractional: [["a", MAX_WEIGHT]] }, undefined, "a"],
    ["what follows the weight is ignored", { fractional: [["a", 1, "x"]] }, undefined, "a"],
    ["a single bucket is enough", { fractional: [["a", 100]] }, undefined, "a"],
    ["a boolean may be the variant", { fractional: [[true, 1]] }, undefined, true],
    ["null may be the variant", { fractional: [[null, 1]] }, undefined, null],
    [
      "weights may be computed",
      {
        fractional: [
          ["a", { var: "w" }],
          ["b", 1],
        ],
      },
      { w: 0, targetingKey: "u" },
      "b",
    ],
    ["variants may be computed", { fractional: [[{ if: [true, "x"] }, 1]] }, undefined, "x"],
    [
      "a null key falls back to the targeting key",
      { fractional: [{ var: "none" }, ["a", 1]] },
      undefined,
      "a",
    ],
    ["an empty text is a key", { fractional: [{ var: "e" }, ...half] }, { e: "" }, "a"],
    [
      "a list from the context is a bucket",
      { fractional: [{ var: "l" }, ["b", 0]] },
      { l: ["z", 1], targetingKey: "u" },
      "z",
    ],
  ])("%s", (_title, rule, context, expected) => {
    expect(value(rule, context)).toBe(expected);
  });

  it("hashes the flag key before the targeting key, and nothing before a key of its own", () => {
    const wide = Array.from({ length: 64 }, (_, i) => [`v${i}`, 1]);
    const byDefault = value({ fractional: wide }, { targetingKey: "user1" });
    expect(value({ fractional: [{ cat: ["flag", { var: "targetingKey" }] }, ...wide] })).toBe(byDefault);
    expect(byDefault).toBe(`v${bucketOf(hashText("flaguser1"), 64)}`);
    expect(value({ fractional: [{ var: "targetingKey" }, ...wide] })).toBe(
      `v${bucketOf(hashText("user1"), 64)}`,
    );
  });

  it("within a loop hashes the element's targeting key alone; an element without properties has none", () => {
    const wide = Array.from({ length: 64 }, (_, i) => [`v${i}`, 1]);
    const xs = ["user1", "user2"].map((targetingKey) => ({ targetingKey, n: 1 }));
    expect(value({ map: [{ var: "xs" }, { fractional: wide }] }, { targetingKey: "u", xs })).toStrictEqual([
      `v${bucketOf(hashText("user1"), 64)}`,
      `v${bucketOf(hashText("user2"), 64)}`,
    ]);
    expect(value({ map: [[1, ["x"]], { fractional: ["key", ...wide] }] })).toStrictEqual([null, null]);
  });

  it("never takes a user back when the first share rises", () => {
    fc.assert(
      fc.property(fc.string(), fc.nat(100), fc.nat(100), (key, a, b) => {
        const [low, high] = [Math.min(a, b), Math.max(a, b)];
        const share = (percent: number): unknown =>
          value({ fractional: [{ var: "k" }, ["on", percent], ["off", 100 - percent]] }, { k: key });
        expect(share(low) !== "on" || share(high) === "on").toBe(true);
      }),
    );
  });

  it("shares as it says", () => {
    const targeting = {
      fractional: [
        ["on", 25],
        ["off", 75],
      ],
    };
    const ruleset = rulesetOf({ flags: { flag: flagOf({ targeting }) } });
    let on = 0;
    for (let i = 0; i < 1000; i++) {
      if (evaluate(ruleset, "flag", { targetingKey: `user-${i}` }, 0).variant === "on") on++;
    }
    expect(on / 1000).toBeCloseTo(0.25, 1);
  });
});
