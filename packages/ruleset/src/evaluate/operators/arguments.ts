import { expected, refuse } from "../failure.ts";

/** The arguments as a list; a bare argument fails, as it does in flagd. */
export function asList(operator: string, args: unknown): readonly unknown[] {
  return Array.isArray(args) ? args : expected(`${operator} needs a list of arguments`, args);
}

/** The arguments as a list of at least `count`. */
export function atLeast(operator: string, args: unknown, count: number): readonly unknown[] {
  const list = asList(operator, args);
  return list.length < count ? refuse(`${operator} needs ${count} arguments, got ${list.length}`) : list;
}
