/**
 * Whether two JSON values are equal, whatever the order of their keys; a property that is undefined counts as absent. Without
 * recursion: a value may be nested deeper than the stack is.
 */
export function sameValue(left: unknown, right: unknown): boolean {
  const waiting: unknown[] = [left, right];
  while (waiting.length > 0) {
    const b = waiting.pop();
    const a = waiting.pop();
    if (a === b) continue;
    if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
    if (Array.isArray(a) !== Array.isArray(b)) return false;
    const keys = Object.keys(a);
    let absent = 0;
    for (const key of keys) {
      const inner = (a as Readonly<Record<string, unknown>>)[key];
      const other = Object.hasOwn(b, key) ? (b as Readonly<Record<string, unknown>>)[key] : undefined;
      if (inner === undefined) absent++;
      waiting.push(inner, other);
    }
    let expected = 0;
    for (const key of Object.keys(b)) {
      if ((b as Readonly<Record<string, unknown>>)[key] !== undefined) expected++;
    }
    if (keys.length - absent !== expected) return false;
  }
  return true;
}
