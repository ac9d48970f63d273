import {
  evaluate,
  evaluateCompiled,
  type JsonValue,
  parseRuleset,
  parseRulesetText,
  type Ruleset,
} from "@flagspan/ruleset";
import { type BenchOptions, type BenchRow, MIN_PAIRS, rowOfSamples } from "../measure.ts";
import { attacks } from "./attacks.ts";

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
  for (const [name, create] of Object.entries(attacks)) {
    const { rule, context = {} } = create();
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
    "depth of 10⁶": `{"flags":{"a":${flag(`${"[".repeat(length / 2)}1${"]".repeat(length / 2)}`)}}}`,
    "depth of 10⁵ operations": `{"flags":{"a":${flag(`${'{"!":['.repeat(deep)}1${"]}".repeat(deep)}`)}}}`,
    "a list of 10⁶": `{"flags":{"a":${flag(`{"in":[1,[${"1,".repeat(length / 2)}1]]}`)}}}`,
    "a fractional of 10⁵ shares": `{"flags":{"a":${flag(`{"fractional":[${'["on",1],'.repeat(length / 9)}["on",1]]}`)}}}`,
    "doubling references": `{"$evaluators":{"e0":true,${doubling}},"flags":{${Array.from({ length: length / 110 }, (_, i) => `"f${i}":${flag('{"if":[{"$ref":"e200"},"on"]}')}`).join(",")}}}`,
    "broken flags": `{"flags":{${Array.from({ length: length / 22 }, (_, i) => `"f${i}":{"state":"X"}`).join(",")}}}`,
    "text that is not JSON": `{"flags":{"a":"${"\\u00e9".repeat(length / 6)}",}`,
    "names of prototypes": `{"flags":{${Array.from({ length: length / 40 }, () => '"__proto__":{"constructor":{"a":1}}').join(",")}}}`,
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
