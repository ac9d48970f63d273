import type { JsonValue } from "../types.ts";
import type { Check } from "./check.ts";

/** Variants that are missing, of several types, or of types that flagd's format does not know. */
export const variants: Check = ({ flag, report }) => {
  const entries = Object.entries(flag.variants);
  if (entries.length === 0) {
    report({
      code: "invalid-variants",
      severity: "error",
      path: ["variants"],
      message: "a flag needs at least one variant",
    });
  }
  const types = new Set<string>();
  for (const [name, value] of entries) {
    const type = typeOf(value);
    types.add(type);
    if (type !== "null" && type !== "list") continue;
    const message = `variant "${name}" is ${type === "null" ? "null" : "a list"}; flagd's format knows booleans, texts, numbers and objects`;
    report({ code: "invalid-variants", severity: "warning", path: ["variants", name], message });
  }
  if (types.size > 1) {
    const message = `the variants have several types (${[...types].join(", ")}): some callers get TYPE_MISMATCH`;
    report({ code: "mixed-variant-types", severity: "warning", path: ["variants"], message });
  }
};

function typeOf(value: JsonValue): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "list" : typeof value;
}
