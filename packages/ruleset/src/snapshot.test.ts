import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { flagOf, rulesetOf } from "./evaluator.test-support.ts";
import { parseRulesetText } from "./parse/parse-text.ts";
import { sha256Hex } from "./sha256.ts";
import { readSnapshot } from "./snapshot.ts";
import { writeRuleset } from "./write.ts";

/** UTF-16 units as they come: other alphabets, pairs, and surrogates without a partner. */
const unit = fc.oneof(fc.nat(0x7f), fc.nat(0xffff), fc.integer({ min: 0xd800, max: 0xdfff }));

describe("sha256Hex", () => {
  it("is SHA-256 of the UTF-8 bytes", () => {
    fc.assert(
      fc.property(
        fc.array(unit, { maxLength: 300 }).map((units) => String.fromCharCode(...units)),
        (text) => {
          expect(sha256Hex(text)).toBe(createHash("sha256").update(text).digest("hex"));
        },
      ),
    );
    for (const length of [0, 54, 55, 56, 63, 64, 65, 119, 120, 1000]) {
      expect(sha256Hex("é".repeat(length))).toBe(
        createHash("sha256").update("é".repeat(length)).digest("hex"),
      );
    }
  });
});

describe("readSnapshot", () => {
  it("takes the revision from metadata.version, and hashes the text as received", () => {
    const text = ` {"flags": {}, "metadata": {"version": 7}} `;
    expect(readSnapshot(text)).toMatchObject({
      ok: true,
      snapshot: { revision: "7", sha256: sha256Hex(text) },
    });
  });

  it("without a version takes the first twelve digits of the hash", () => {
    const text = `{"flags":{}}`;
    expect(readSnapshot(text)).toMatchObject({
      ok: true,
      snapshot: { revision: sha256Hex(text).slice(0, 12) },
    });
  });

  it("says why there is none", () => {
    expect(readSnapshot("{")).toMatchObject({ ok: false, issues: [{ code: "invalid-json" }] });
  });
});

describe("writeRuleset", () => {
  it("writes equal rulesets alike, whatever the order of their keys", () => {
    const a = rulesetOf({ metadata: { b: 1, a: 2 }, flags: { y: flagOf(), x: flagOf() } });
    const b = rulesetOf({ flags: { x: flagOf(), y: flagOf() }, metadata: { a: 2, b: 1 } });
    expect(writeRuleset(a)).toBe(writeRuleset(b));
    expect(writeRuleset(a)).toMatch(/^\{"flags":\{"x":.*\},"metadata":\{"a":2,"b":1\}\}$/);
  });

  it("writes what reads back as the same, from a document and from a ruleset", () => {
    const document = {
      $evaluators: { e: { var: "x" } },
      flags: { flag: flagOf({ targeting: { if: [{ $ref: "e" }, "on"] } }), ["__proto__x"]: flagOf() },
      metadata: { version: "3" },
    };
    const ruleset = rulesetOf(document);
    const read = parseRulesetText(writeRuleset(ruleset));
    expect(read.ok && writeRuleset(read.ruleset)).toBe(writeRuleset(ruleset));
    expect(JSON.parse(writeRuleset(document as never))).toStrictEqual(JSON.parse(JSON.stringify(document)));
  });
});
