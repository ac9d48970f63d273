import { interpret } from "../evaluate/interpret.ts";
import { eagerOperators } from "../evaluate/operators/index.ts";
import { chargeText, FREE_LITERAL } from "../evaluate/run.ts";
import type { JsonValue } from "../types.ts";
import { type Closure, closure, type Code, constant, toClosure } from "./closure.ts";
import { comparisons } from "./comparison.ts";
import { compileFractional } from "./fractional.ts";
import { compileIn } from "./in.ts";
import { compileLogic } from "./logic.ts";
import { compileSemVer } from "./sem-ver.ts";
import { compileAffix, compileCat } from "./strings.ts";
import { compileVariable } from "./variable.ts";

/** Compiles one operation from its compiled arguments; undefined where only the general way is exact. */
export type OperatorCompiler = (args: readonly Code[]) => Closure | undefined;

/** Fast paths. Each must answer what the operator's definition answers; what it cannot, it declines. */
const compilers: ReadonlyMap<string, (name: string) => OperatorCompiler> = new Map<
  string,
  (name: string) => OperatorCompiler
>([
  ...["if", "?:", "and", "or", "!", "!!"].map((name) => [name, compileLogic] as const),
  ...comparisons.map(([name, compileComparison]) => [name, () => compileComparison] as const),
  ...["starts_with", "ends_with"].map((name) => [name, compileAffix] as const),
  ["var", () => compileVariable],
  ["in", () => compileIn],
  ["cat", () => compileCat],
  ["fractional", () => compileFractional],
  ["sem_ver", () => compileSemVer],
]);

/** Compiles targeting into a closure that answers as `interpret` does at the top scope. */
export function compile(rule: JsonValue): Closure {
  return toClosure(compileRule(rule));
}

function compileRule(rule: JsonValue): Code {
  if (typeof rule === "string" && rule.length > FREE_LITERAL) return closure(chargeLiteral(rule));
  if (typeof rule !== "object" || rule === null) return constant(rule);
  if (Array.isArray(rule)) return compileList((rule as readonly JsonValue[]).map(compileRule));
  const keys = Object.keys(rule);
  const name = keys[0];
  if (name === undefined || keys.length > 1) return constant(rule);
  return closure(compileOperation(name, (rule as { readonly [key: string]: JsonValue })[name] ?? null, rule));
}

function chargeLiteral(text: string): Closure {
  return (_context, run) => {
    chargeText(text, run, FREE_LITERAL);
    return text;
  };
}

function compileList(codes: readonly Code[]): Code {
  if (codes.every((code) => code.kind === "constant")) return constant(codes.map((code) => code.value));
  const closures = codes.map(toClosure);
  return closure((context, run) => closures.map((element) => element(context, run)));
}

function compileOperation(name: string, args: JsonValue, rule: JsonValue): Closure {
  const interpretRule: Closure = (context, run) => interpret(rule, context, run);
  const compiler = compilers.get(name);
  const eager = eagerOperators.get(name);
  // Loops and unknown operators are the interpreter's: there compiling gains little or is not exact.
  if (compiler === undefined && eager === undefined) return interpretRule;
  const isBare = !Array.isArray(args);
  const codes = (isBare ? [args] : (args as readonly JsonValue[])).map(compileRule);
  // A bare argument means the same as a list of one to `var` only.
  const fast = compiler === undefined || (isBare && name !== "var") ? undefined : compiler(name)(codes);
  if (fast !== undefined) return fast;
  if (eager === undefined) return interpretRule;
  const evaluateArgs = toClosure(isBare ? (codes[0] ?? constant(null)) : compileList(codes));
  return (context, run) => eager(evaluateArgs(context, run), context, run);
}
