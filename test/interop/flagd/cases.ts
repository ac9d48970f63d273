import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { EvaluationContext, JsonValue, Ruleset } from "@flagspan/ruleset";

/** A ruleset in flagd's format, under the name of the flag set that serves it. */
export interface NamedRuleset {
  readonly set: string;
  readonly document: unknown;
}

/** One evaluation to be made on both sides. */
export interface Question {
  readonly flagKey: string;
  readonly type: "boolean" | "string" | "integer" | "float" | "object";
  readonly context: EvaluationContext;
}

/** Rulesets with every operator (ours) and flagd's own test rulesets, where a folder of public suites is at hand. */
export function readRulesets(conformance: string): readonly NamedRuleset[] {
  const own = new URL("../../../interop/flagd/every-operator.json", import.meta.url);
  const found: NamedRuleset[] = [{ set: "every-operator", document: JSON.parse(readFileSync(own, "utf8")) }];
  for (const folder of ["flagd-testbed/flags", "flagd-testbed/evaluator/flags"]) {
    const path = join(conformance, folder);
    if (!existsSync(path)) continue;
    for (const file of readdirSync(path)
      .filter((name) => name.endsWith(".json"))
      .sort())
      found.push({
        set: `testbed.${folder.split("/").at(-2) ?? ""}.${file.replace(/\.json$/, "")}`,
        document: JSON.parse(readFileSync(join(path, file), "utf8")),
      });
  }
  return found;
}

/** Every flag of a ruleset, and one that is not there, with every context. */
export function listQuestions(ruleset: Ruleset): readonly Question[] {
  const flags = [...ruleset.flags].map(([flagKey, flag]) => ({
    flagKey,
    type: typeOf(Object.values(flag.variants)),
  }));
  return [...flags, { flagKey: "no-such-flag", type: "boolean" as const }].flatMap(({ flagKey, type }) =>
    contexts.map((context) => ({ flagKey, type, context })),
  );
}

/** Users with the attributes that the shop's, our own and flagd's test rules ask for, and without. */
const contexts: readonly EvaluationContext[] = [
  {},
  ...Array.from({ length: 60 }, (_, n) => ({
    targetingKey: `shopper-1-${n}`,
    country: ["DE", "FR", "US", "JP"][n % 4],
    plan: ["free", "plus", "business"][n % 3],
    appVersion: ["2.1.0", "2.3.4", "v2.4.0", "3.0.0-beta.1", "none"][n % 5],
    ...(n % 7 === 0 ? { email: `shopper-${n}@shop.example` } : {}),
  })),
  ...["jon@company.com", "ballmer@macrosoft.com", "user1@faas.com", "other"].map((email, n) => ({
    targetingKey: email,
    email,
    customer: n % 2 === 0,
    customAttribute: email,
    user: { name: ["jacob", "zach", "emily", "josh"][n] ?? "" },
    id: ["abcdef", "xyz", "prefix-suffix", "abc"][n] ?? "",
    version: ["1.0.0", "2.0.0-alpha", "2.1.3", "3.0.1"][n] ?? "",
    age: [0, 17, 18, 150][n] ?? 0,
    tags: [["a", "b"], [], ["b"], ["a"]][n] ?? [],
    country: "UK",
    ip: "10.0.0.1",
  })),
  { targetingKey: "", email: "", version: "not-a-version", age: -1.5, tags: "a" },
  {
    targetingKey: "ünïcödé-😀",
    email: "ÄÖÜ@ex.ample",
    version: "01.2.3",
    age: 1e21,
    nested: { deep: { er: true } },
  },
];

function typeOf(values: readonly JsonValue[]): Question["type"] {
  const [first] = values;
  if (typeof first === "boolean" || typeof first === "string") return typeof first as "boolean" | "string";
  if (typeof first === "number")
    return values.every((value) => Number.isInteger(value)) ? "integer" : "float";
  return "object";
}
