import { describe, expect, it } from "vitest";
import { parseVersion } from "../evaluate/version.ts";
import { parsePlainVersion, toPlain } from "./plain-version.ts";

describe("a plain version", () => {
  it.each<[string, readonly [number, number, number]]>([
    ["1.2.3", [1, 2, 3]],
    ["0.0.0", [0, 0, 0]],
    ["0.10.0", [0, 10, 0]],
    ["9.90.109", [9, 90, 109]],
    ["12345.6789.101", [12345, 6789, 101]],
    ["12345.6789.1011", [12345, 6789, 1011]],
    ["1.2.34567890123", [1, 2, 34567890123]],
  ])("%s is three numbers", (text, numbers) => {
    expect(parsePlainVersion(text)).toStrictEqual(numbers);
    expect(parseVersion(text)).toStrictEqual(numbers.map(String));
  });

  it.each([
    "",
    ".",
    "1",
    "1.",
    "1.2",
    "1.2.",
    "1..3",
    ".2.3",
    "..",
    "1.2.3.",
    "1.2.3.4",
    "01.2.3",
    "1.02.3",
    "1.2.03",
    "1.00.3",
    "v1.2.3",
    "1.2.3-1",
    "1.2.3+1",
    "1.2.3 ",
    " 1.2.3",
    "1/2/3",
    "1.2.3/",
    "1.2.:",
    "1,2,3",
    "1.2.x",
    "1.2.345678901234",
  ])("%j is left to the general way", (text) => {
    expect(parsePlainVersion(text)).toBeUndefined();
  });

  it.each<[string, readonly [number, number, number] | undefined]>([
    ["v1", [1, 0, 0]],
    ["1.2", [1, 2, 0]],
    ["V1.2.3", [1, 2, 3]],
    ["1.2.3+build", [1, 2, 3]],
    ["1.2.3-rc.1", undefined],
    ["1.2.345678901234", undefined],
  ])("%s as it was parsed", (text, expected) => {
    expect(toPlain(parseVersion(text) ?? [])).toStrictEqual(expected);
  });
});
