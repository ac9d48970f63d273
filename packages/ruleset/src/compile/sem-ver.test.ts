import { describe, expect, it } from "vitest";
import { type Relation, versionRelations } from "../evaluate/operators/sem-ver.ts";
import type { EvaluationContext, JsonValue } from "../types.ts";
import { closure, constant } from "./closure.ts";
import { compiled, compiledFast, interpreted, runOf } from "./general-forms.test-support.ts";
import { compileSemVer, readRecent } from "./sem-ver.ts";

const names = ["=", "!=", "<", "<=", ">", ">="];
const version = { var: "v" };

/** How often a comparison asks the relation, which looks at all parts, while it is made and run. */
function relationsAsked(name: string, value: unknown, limit: string): number {
  const relations = versionRelations as Map<string, Relation>;
  const relation = relations.get(name);
  if (relation === undefined) throw new Error(`no relation ${name}`);
  let asked = 0;
  relations.set(name, (a, b) => {
    asked++;
    return relation(a, b);
  });
  try {
    compileSemVer([closure(() => value), constant(name), constant(limit)])?.({}, runOf());
  } finally {
    relations.set(name, relation);
  }
  return asked;
}

describe("a compiled `sem_ver`", () => {
  it.each([...names, "^", "~", "?"])("%s agrees on versions of every form", (name) => {
    const versions = "1.2.3 1.2.4 1.2.2 1.3.3 1.1.3 2.2.3 0.2.3 v1.2.3 1 1.2 1.2.3-rc.1 1.2.3+b x 01.2.3"
      .split(" ")
      .concat("1.2.345678901234567", "", "345678901234567.2.3");
    const cases = versions.flatMap((limit) =>
      [...versions, 1, 1.2, 1e6, null, true, ["1.2.3"]].map((v) => ({ limit, context: { v } })),
    );
    const outcomes = (evaluate: typeof interpreted): unknown =>
      cases.map(({ limit, context }) => evaluate({ sem_ver: [version, name, limit] }, context));
    expect(outcomes(compiledFast)).toStrictEqual(outcomes(interpreted));
  });

  it.each<[string, readonly boolean[]]>([
    ["=", [false, true, false]],
    ["!=", [true, false, true]],
    ["<", [true, false, false]],
    ["<=", [true, true, false]],
    [">", [false, false, true]],
    [">=", [false, true, true]],
  ])("%s tells less, same and greater in every part without asking the relation", (name, answers) => {
    const versions = [
      ["1.2.2", "1.2.3", "1.2.4"],
      ["1.1.4", "1.2.3", "1.3.2"],
      ["0.3.4", "1.2.3", "2.1.2"],
      ["1.2.2", "1.2.3", "1.10.0"],
    ];
    for (const row of versions) {
      const rule = { sem_ver: [version, name, "v1.2.3"] };
      expect(row.map((v) => compiledFast(rule, { v }).answer)).toStrictEqual(answers);
      expect(row.map((v) => relationsAsked(name, v, "v1.2.3"))).toStrictEqual([0, 0, 0]);
    }
  });

  it.each<[string, string, unknown, string]>([
    ["a prerelease", "<", "1.2.3-rc.1", "1.2.3"],
    ["a version with a v", "<", "v1.2.3", "1.2.3"],
    ["a number", "<", 1.2, "1.2.3"],
    ["a literal prerelease", "<", "1.2.3", "1.2.3-rc.1"],
    ["a major version", "^", "1.2.3", "1.2.3"],
    ["a minor version", "~", "1.2.3", "1.2.3"],
  ])("%s is put to the relation", (_title, name, value, limit) => {
    expect(relationsAsked(name, value, limit)).toBe(1);
  });

  it.each([null, "x", "", ["1.2.3"]])("what is no version, like %j, is not", (value) => {
    expect(relationsAsked("=", value, "1.2.3")).toBe(0);
  });

  it.each<[JsonValue, EvaluationContext, unknown]>([
    [{ sem_ver: [version, { var: "op" }, "1.0.0"] }, { v: "1.0.0", op: "=" }, true],
    [{ sem_ver: [version, "=", { var: "w" }] }, { v: "1.0.0", w: "1.0.0" }, true],
    [{ sem_ver: [version, "="] }, { v: "1.0.0" }, null],
    [{ sem_ver: [version, "=", "1.0.0", "1.0.0"] }, { v: "1.0.0" }, null],
    [{ sem_ver: [version] }, { v: "1.0.0" }, null],
    [{ sem_ver: [] }, {}, null],
  ])("%j is the general form's", (rule, context, answer) => {
    expect(interpreted(rule, context)).toStrictEqual({ answer, work: 0 });
    expect(compiled(rule, context)).toStrictEqual({ answer, work: 0 });
    expect(compiledFast(rule, context)).not.toStrictEqual({ answer, work: 0 });
  });

  it("reads the version also where the rest is no comparison: reading may fail", () => {
    for (const rest of [
      ["?", "1.0.0"],
      ["=", "x"],
      [7, "1.0.0"],
    ]) {
      const rule = { sem_ver: [{ cat: [{ var: "v" }] }, ...rest] };
      expect(interpreted(rule, { v: true })).toHaveProperty("failure");
      for (const context of [{ v: true }, { v: "1.0.0" }]) {
        expect(compiledFast(rule, context)).toStrictEqual(interpreted(rule, context));
      }
    }
  });

  it("reads a version once that is asked for again", () => {
    const first = readRecent("1.2.3");
    expect(first).toStrictEqual({ text: "1.2.3", plain: [1, 2, 3], version: [1, 2, 3] });
    expect(readRecent("1.2.3")).toBe(first);
    expect(readRecent("1.2")).toStrictEqual({ text: "1.2", plain: undefined, version: ["1", "2", "0"] });
    expect(readRecent("x")).toStrictEqual({ text: "x", plain: undefined, version: undefined });
  });
});
