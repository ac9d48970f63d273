import { compile } from "../compile/compile.ts";
import type { JsonValue } from "../types.ts";
import { interpret } from "./interpret.ts";
import type { Run } from "./run.ts";

/** An evaluation that is about to begin, but for what is given. */
export function runOf(parts: Partial<Run> = {}): Run {
  return { root: {}, flagKey: "flag", nowMs: 0, work: 0, loops: 0, ...parts };
}

/** The work that a rule takes: interpreted, then compiled. */
export function workOf(
  rule: unknown,
  root: Record<string, unknown> = {},
): readonly [interpreted: number, compiled: number] {
  const interpreted = runOf({ root });
  interpret(rule, root, interpreted);
  const compiled = runOf({ root });
  compile(rule as JsonValue)(root, compiled);
  return [interpreted.work, compiled.work];
}

/** What is thrown; undefined where nothing is. */
export function thrownBy(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  return undefined;
}
