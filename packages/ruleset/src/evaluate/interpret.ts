import type { JsonValue } from "../types.ts";
import { refuse } from "./failure.ts";
import { eagerOperators, lazyOperators } from "./operators/index.ts";
import { Quoted, rejectRules } from "./quoted.ts";
import { charge, chargeText, FREE_LITERAL, type Run, STEP_WORK } from "./run.ts";

/**
 * Applies a JsonLogic rule to data, as flagd's engine (diegoholiveira/jsonlogic 3.9) does: an object with one key
 * is an operation, any other object is itself, and an unknown operator fails only when it is reached.
 * This is the definition; the compiled form must agree with it.
 */
export function interpret(rule: unknown, data: unknown, run: Run): unknown {
  chargeText(rule, run, FREE_LITERAL);
  if (typeof rule !== "object" || rule === null) return rule;
  if (run.loops > 0) charge(run, STEP_WORK + (Array.isArray(rule) ? rule.length * 4 : 0));
  if (Array.isArray(rule)) return rule.map((element) => interpret(element, data, run));
  if (rule instanceof Quoted) return rejectRules(rule.value);
  const keys = Object.keys(rule);
  const name = keys[0];
  if (name === undefined || keys.length > 1) return rule;
  const written = (rule as Record<string, unknown>)[name];
  // Where a loop put a list from the context, that list is the arguments.
  const args = written instanceof Quoted ? rejectRules(written.value) : written;
  const eager = eagerOperators.get(name);
  const values = eager && interpret(args, data, run);
  const answer = eager
    ? eager(values, data, run)
    : (lazyOperators.get(name) ?? refuse(`unknown operator "${name}"`))(args, data, run, interpret);
  run.trace?.(rule as JsonValue, answer, values, data);
  return answer;
}
