import { describe, expect, it } from "vitest";
import { compareVersions, parseVersion, type Version } from "./version.ts";

/** From the least to the greatest: identifiers as numbers, then as texts by ASCII; the release after them all. */
const ascending = [
  "1.0.0-2",
  "1.0.0-20",
  "1.0.0-100",
  "1.0.0--",
  "1.0.0-1a",
  "1.0.0-Z",
  "1.0.0-a",
  "1.0.0-a.9",
  "1.0.0-a.b",
  "1.0.0-a.b.0",
  "1.0.0-a1",
  "1.0.0",
  "1.0.9",
  "1.0.10",
  "1.9.0",
  "1.10.0",
  "9.0.0",
  "10.0.0",
  "10000000000000000000000.0.0",
  "20000000000000000000000.0.0",
];

/** -1, 0 or 1. */
function signOf(order: number): number {
  return order === 0 ? 0 : Math.sign(order);
}

describe("versions", () => {
  it("are ordered as semver 2.0 §11 says", () => {
    const versions = ascending.map((text) => parseVersion(text) as Version);
    for (const [i, a] of versions.entries()) {
      for (const [j, b] of versions.entries()) {
        expect([ascending[i], ascending[j], signOf(compareVersions(a, b))]).toStrictEqual([
          ascending[i],
          ascending[j],
          signOf(i - j),
        ]);
      }
    }
  });

  it("numbers stand for their digits", () => {
    expect(compareVersions([10, 0, 0], [9, 0, 0])).toBeGreaterThan(0);
    expect(compareVersions([9, 0, 0], [10, 0, 0])).toBeLessThan(0);
    expect(compareVersions([9, 0, 0], ["10", "0", "0"])).toBeLessThan(0);
    expect(compareVersions(["9", "0", "0"], [10, 0, 0])).toBeLessThan(0);
    expect(signOf(compareVersions([1, 2, 3], ["1", "2", "3"]))).toBe(0);
    expect(compareVersions([1, 0, 0, 5], ["1", "0", "0", "a"])).toBeLessThan(0);
    expect(compareVersions(["1", "0", "0", "a"], [1, 0, 0, 5])).toBeGreaterThan(0);
  });

  it.each<[string, string, number, number]>([
    ["1.2.3", "1.9.9", 1, 0],
    ["1.2.3", "1.2.9", 2, 0],
    ["1.2.3", "1.2.4", 3, -1],
    ["1.2.3-a", "1.2.3", 3, 0],
    ["1.2.3-a", "1.2.3", 4, -1],
    ["2.0.0", "1.9.9", 1, 1],
  ])("%s and %s, by %d parts", (a, b, count, order) => {
    const found = compareVersions(parseVersion(a) as Version, parseVersion(b) as Version, count);
    expect(signOf(found)).toBe(order);
  });

  it.each<[string, Version]>([
    ["1", ["1", "0", "0"]],
    ["v1.20", ["1", "20", "0"]],
    ["10.20.30", ["10", "20", "30"]],
    ["1.2.3-rc.1", ["1", "2", "3", "rc", "1"]],
    ["1.2.3-0.0a.-", ["1", "2", "3", "0", "0a", "-"]],
    ["1.2.3+build", ["1", "2", "3"]],
    ["1.2.3+a1.b22.c-3", ["1", "2", "3"]],
    ["1.2.3-a+001.02", ["1", "2", "3", "a"]],
  ])("%s is one", (text, version) => {
    expect(parseVersion(text)).toStrictEqual(version);
  });

  it.each([
    "",
    "v",
    "x1",
    "1x",
    "1.",
    "1.2.3.4",
    "01.2.3",
    "1.2.3-",
    "1.2.3-a..b",
    "1.2.3-.a",
    "1.2.3-a.",
    "1.2.3-01",
    "1.2.3-a.012",
    "1.2.3-012.a",
    "1.2.3-a.00.b",
    "1.2.3+",
    "1.2.3+a..b",
    "1.2.3+a.",
    "1.2.3-ä",
    "1.2+a",
  ])("%j is none", (text) => {
    expect(parseVersion(text)).toBeUndefined();
  });
});
