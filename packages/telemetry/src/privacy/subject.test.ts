import { createHash, createHmac } from "node:crypto";

import * as fc from "fast-check";
import { expect, test } from "vitest";

import { cleanText } from "./clean-text.ts";
import { hmacSha256, sha256 } from "./hmac-sha256.ts";
import { subjectReader } from "./subject.ts";

const bytes = fc.uint8Array({ maxLength: 300 });

test("SHA-256 and HMAC-SHA-256 agree with Node's", () => {
  fc.assert(
    fc.property(bytes, bytes, (key, message) => {
      expect(Buffer.from(sha256(message))).toEqual(createHash("sha256").update(message).digest());
      expect(Buffer.from(hmacSha256(key, message))).toEqual(
        createHmac("sha256", key).update(message).digest(),
      );
    }),
  );
});

test("the provider's contextId comes first, then the keyed pseudonym, then nothing", () => {
  const read = subjectReader("secret");
  const expected = createHmac("sha256", "secret")
    .update("alice")
    .digest()
    .subarray(0, 12)
    .toString("base64url");
  expect(read({ contextId: "given" }, { targetingKey: "alice" })).toBe("given");
  expect(read({}, { targetingKey: "alice" })).toBe(expected);
  expect(read(undefined, { targetingKey: "alice" })).toBe(expected);
  expect(read({}, { targetingKey: "" })).toBe(undefined);
  expect(read({}, undefined)).toBe(undefined);
  expect(subjectReader(undefined)({}, { targetingKey: "alice" })).toBe(undefined);
  expect(subjectReader(({ account }) => String(account))({}, { account: 7 })).toBe("7");
});

test("pseudonyms stay the same after the memory has turned over", () => {
  const read = subjectReader("secret");
  const first = read({}, { targetingKey: "alice" });
  for (let index = 0; index < 12_000; index += 1) read({}, { targetingKey: `u${index}` });
  expect(read({}, { targetingKey: "alice" })).toBe(first);
});

test("text from outside loses control characters and has a length", () => {
  expect(cleanText("a\r\nb\u0000c\u2028d\u009be")).toBe("abcde");
  expect(cleanText("x".repeat(1_000))).toHaveLength(256);
  expect(cleanText("grüße 😀")).toBe("grüße 😀");
});
