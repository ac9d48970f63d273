import type { JsonValue } from "../types.ts";
import { attributeOf, type Check, type CheckedFlag, isLiteral, type Operation } from "./check.ts";

const comparisons: ReadonlySet<string> = new Set("== != === !== < <= > >=".split(" "));

/** Comparisons whose answer no context can change, and attributes that would need two types at once. */
export const impossibleComparison: Check = (checked) => {
  const strict = new Map<string, string>();
  for (const operation of checked.operations) {
    if (comparisons.has(operation.name)) checkComparison(operation, strict, checked);
    else if (operation.name === "in") checkMembership(operation, checked);
  }
};

function checkComparison(operation: Operation, strict: Map<string, string>, { report }: CheckedFlag): void {
  const { name, list } = operation;
  for (const [i, arg] of list.slice(0, 3).entries()) {
    if (isLiteral(arg) && typeof arg === "object" && arg !== null) {
      const message = `a ${Array.isArray(arg) ? "list" : "object"} never equals or precedes anything; did you mean "in"?`;
      report({
        code: "impossible-comparison",
        severity: "warning",
        path: [...operation.path, name, i],
        message,
      });
    }
  }
  if (name !== "===") return;
  for (const [attributeAt, valueAt] of [
    [0, 1],
    [1, 0],
  ] as const) {
    const attribute = attributeOf(list[attributeAt]);
    const value = list[valueAt];
    if (attribute === undefined || !isScalar(value)) continue;
    const type = typeof value;
    const before = strict.get(attribute);
    if (before !== undefined && before !== type) {
      const message = `"${attribute}" is compared strictly with a ${type} here and with a ${before} before: it cannot be both`;
      report({
        code: "impossible-comparison",
        severity: "warning",
        path: [...operation.path, name, valueAt],
        message,
      });
    }
    strict.set(attribute, before ?? type);
  }
}

function checkMembership(operation: Operation, { report }: CheckedFlag): void {
  const { name, list } = operation;
  const [needle, container] = list;
  if (isLiteral(container) && typeof container !== "string" && !Array.isArray(container)) {
    const message = "in needs a list or a text to look into; nothing is in anything else";
    report({
      code: "impossible-comparison",
      severity: "warning",
      path: [...operation.path, name, 1],
      message,
    });
  }
  if (typeof container === "string" && isLiteral(needle) && typeof needle !== "string") {
    const message = "in a text only a text can be found; the rule fails with PARSE_ERROR";
    report({ code: "impossible-comparison", severity: "error", path: [...operation.path, name, 0], message });
  }
}

function isScalar(value: JsonValue | undefined): boolean {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}
