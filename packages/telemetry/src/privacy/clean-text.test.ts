import { expect, test } from "vitest";

import { cleanText } from "./clean-text.ts";

test.each([
  { text: "dark-mode", clean: "dark-mode" },
  { text: "ключ 🚀", clean: "ключ 🚀" },
  { text: "a\nb\u0000c\u001b[31m\u007f\u0085", clean: "abc[31m" },
  { text: "one\u2028two\u2029", clean: "onetwo" },
  { text: "half \ud83d and \ude80", clean: "half  and " },
])("of $text remains $clean", ({ text, clean }) => {
  expect(cleanText(text)).toBe(clean);
});

test("what is too long is cut, and never through a character", () => {
  expect(cleanText("x".repeat(10_000))).toHaveLength(256);
  expect(cleanText(`${"x".repeat(255)}🚀`)).toBe("x".repeat(255));
  expect(cleanText(`${"x".repeat(254)}🚀`)).toBe(`${"x".repeat(254)}🚀`);
});
