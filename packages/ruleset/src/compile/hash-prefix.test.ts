import { describe, expect, it } from "vitest";
import { hashText } from "../evaluate/hash.ts";
import { createHashPrefix, hashAfter, hashAscii } from "./hash-prefix.ts";

const ascii = "The quick\u0000 brown\u007f fox";
const lengths = Array.from({ length: 10 }, (_, i) => i);

describe("a hash that was begun", () => {
  it.each(lengths)("goes on after %i bytes as the whole text's hash", (begun) => {
    const text = ascii.slice(0, begun);
    const prefix = createHashPrefix(text);
    for (const length of lengths) {
      const rest = ascii.slice(begun, begun + length);
      expect(hashAscii(prefix, rest)).toBe(hashText(text + rest));
      expect(hashAfter(prefix, rest)).toBe(hashText(text + rest));
    }
  });

  it.each(lengths)("keeps whole blocks of %i bytes apart from the bits after them", (length) => {
    const prefix = createHashPrefix("x".repeat(length));
    expect(prefix.shift).toBe((length % 4) * 8);
    expect(prefix.carry).toBe([0, 0x78, 0x7878, 0x787878][length % 4]);
    expect(prefix.isAscii).toBe(true);
  });

  it.each(lengths)("leaves a text to the general way that is not ASCII at %i", (at) => {
    const prefix = createHashPrefix("flag");
    for (const character of ["\u0080", "é", "漢", "😀", "\ud800"]) {
      const text = ascii.slice(0, at) + character + ascii.slice(at, 9);
      expect(hashAscii(prefix, text)).toBeUndefined();
      expect(hashAfter(prefix, text)).toBe(hashText(`flag${text}`));
    }
  });

  it.each(["é", "\u0080", "flagé", "漢字", "😀"])("is not begun with %s, which is no ASCII", (text) => {
    const prefix = createHashPrefix(text);
    expect(prefix).toStrictEqual({ text, isAscii: false, hash: 0, carry: 0, shift: 0 });
    for (const rest of ["", "abc", "abcde", "é"]) expect(hashAfter(prefix, rest)).toBe(hashText(text + rest));
  });

  it("joins a pair of surrogates that prefix and text share", () => {
    expect(hashAfter(createHashPrefix("\ud83d"), "\ude00")).toBe(hashText("😀"));
  });
});
