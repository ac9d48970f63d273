import {
  evaluate,
  evaluateCompiled,
  type JsonValue,
  parseRuleset,
  parseRulesetText,
  type Ruleset,
} from "@flagspan/ruleset";
import { type BenchOptions, type BenchRow, MIN_PAIRS, rowOfSamples } from "../measure.ts";

const MIB = 1024 * 1024;

/** Rulesets and contexts made to hurt: at most 100 ms to load or refuse a MiB, at most 5 ms to evaluate. */
export async function* run({ smoke }: BenchOptions): AsyncIterable<BenchRow> {
  const rounds = smoke ? 2 : MIN_PAIRS;
  for (const [name, text] of Object.entries(createTexts(smoke ? 0.05 : 1))) {
    const samples = sample(rounds, () => parseRulesetText(text)).map(
      (ms) => ms / Math.max(text.length / MIB, 0.05),
    );
    yield row(`load ${name}`, "ms/MiB", samples, 100);
  }
  for (const [name, { rule, context }] of Object.entries(createEvaluations())) {
    const ruleset = rulesetOf(rule);
    for (const [form, run] of Object.entries({ evaluate, evaluateCompiled })) {
      yield row(
        `${form} ${name}`,
        "ms",
        sample(rounds, () => run(ruleset, "flag", context, 0)),
        5,
      );
    }
  }
}

function row(name: string, unit: string, samples: readonly number[], limit: number): BenchRow {
  return rowOfSamples({ bench: "hostile", case: name, peerName: "limit", unit, goal: 1 }, samples, limit);
}

function sample(rounds: number, work: () => unknown): readonly number[] {
  return Array.from({ length: rounds }, () => {
    // Time of the processor, not of the wall: a busy neighbour must not make an attack look worse.
    const begin = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(begin);
    return (user + system) / 1000;
  });
}

/** Texts of about so many MiB. */
function createTexts(size: number): Readonly<Record<string, string>> {
  const length = Math.round(size * MIB);
  const deep = Math.round(length / 12);
  const doubling = Array.from(
    { length: 200 },
    (_, i) => `"e${i + 1}":{"and":[{"$ref":"e${i}"},{"$ref":"e${i}"}]}`,
  ).join(",");
  const flag = (targeting: string): string =>
    `{"state":"ENABLED","variants":{"on":true},"targeting":${targeting}}`;
  return {
    "depth of 10⁵": `{"flags":{"a":${flag(`${'{"!":['.repeat(deep)}1${"]}".repeat(deep)}`)}}}`,
    "a list of 10⁵": `{"flags":{"a":${flag(`{"in":[1,[${"12345,".repeat(length / 6)}1]]}`)}}}`,
    "doubling references": `{"$evaluators":{"e0":true,${doubling}},"flags":{${Array.from({ length: length / 110 }, (_, i) => `"f${i}":${flag('{"if":[{"$ref":"e200"},"on"]}')}`).join(",")}}}`,
    "broken flags": `{"flags":{${Array.from({ length: length / 22 }, (_, i) => `"f${i}":{"state":"X"}`).join(",")}}}`,
    "text that is not JSON": `{"flags":{"a":"${"\\u00e9".repeat(length / 6)}",}`,
    "names of prototypes": `{"flags":{${Array.from({ length: length / 40 }, () => '"__proto__":{"constructor":{"a":1}}').join(",")}}}`,
  };
}

interface Attack {
  readonly rule: JsonValue;
  readonly context: Readonly<Record<string, unknown>>;
}

function createEvaluations(): Readonly<Record<string, Attack>> {
  const xs = Array.from({ length: 100 }, (_, i) => i);
  const nested = (operator: string): JsonValue =>
    [1, 2, 3, 4].reduce<JsonValue>((inner) => ({ [operator]: [{ var: "$outer" }, inner] }), { "==": [1, 1] });
  const many = (rule: JsonValue, count: number): JsonValue => ({
    or: Array.from({ length: count }, () => rule),
  });
  const cyclic: Record<string, unknown> = {};
  cyclic["self"] = cyclic;
  const literal = (operator: string): JsonValue =>
    JSON.parse(
      JSON.stringify(nested(operator)).replaceAll('{"var":"$outer"}', JSON.stringify(xs)),
    ) as JsonValue;
  return {
    "maps within maps": { rule: literal("map"), context: {} },
    "filters within filters": { rule: literal("filter"), context: {} },
    "a reduce that doubles": {
      rule: { reduce: [xs, { cat: [{ var: "accumulator" }, { var: "accumulator" }] }, "xy"] },
      context: {},
    },
    "merges that double": {
      rule: Array.from({ length: 12 }).reduce<JsonValue>((inner) => ({ merge: [inner, inner] }), {
        var: "xs",
      }),
      context: { xs },
    },
    "2,200 versions to read": {
      rule: many({ sem_ver: [{ var: "v" }, ">", "1.2.3-rc.1"] }, 2200),
      context: { v: "1.0.0-rc.1" },
    },
    "2,000 shares of a long key": {
      rule: many({ fractional: [{ var: "k" }, [false, 1]] }, 2000),
      context: { k: "é".repeat(200) },
    },
    "a text of 2 MiB": {
      rule: many({ "==": [{ var: "k" }, "x"] }, 100),
      context: { k: "x".repeat(2 * MIB) },
    },
    "a search in repetitive text": {
      rule: many({ in: [{ var: "part" }, { var: "text" }] }, 50),
      context: { text: "a".repeat(200_000), part: `${"a".repeat(50_000)}b` },
    },
    "a context that contains itself": { rule: many({ "!!": [{ var: "" }] }, 4000), context: cyclic },
    "a list of 10⁶": {
      rule: { in: ["x", { var: "list" }] },
      context: { list: Array.from({ length: 1_000_000 }, (_, i) => i) },
    },
    "an object of 20,000 keys": {
      rule: many({ "!!": [{ var: "wide" }] }, 4000),
      context: { wide: Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`k${i}`, i])) },
    },
  };
}

function rulesetOf(targeting: JsonValue): Ruleset {
  const flag = {
    state: "ENABLED",
    variants: { true: true, false: false },
    defaultVariant: "false",
    targeting,
  };
  const result = parseRuleset({ flags: { flag } });
  if (!result.ok || result.issues.length > 0) throw new Error(result.issues[0]?.message ?? "refused");
  return result.ruleset;
}
