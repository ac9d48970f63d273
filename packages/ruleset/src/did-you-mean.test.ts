import { expect, it } from "vitest";
import { didYouMean } from "./did-you-mean.ts";

it.each([
  ["onn", ["on", "off"], "on"],
  ["Dark", ["dark", "light"], "dark"],
  ["treatmnet", ["control", "treatment"], "treatment"],
  ["purple", ["on", "off"], undefined],
  ["on", ["on"], undefined],
  ["x".repeat(200), ["x".repeat(199)], undefined],
])("for %s among %j it is %s", (name, names, expected) => {
  expect(didYouMean(name, names)).toBe(expected);
});
