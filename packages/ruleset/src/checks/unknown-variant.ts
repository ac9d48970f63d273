import { didYouMean } from "../did-you-mean.ts";
import { isRecord } from "../json.ts";
import type { Check } from "./check.ts";
import { outcomesOf } from "./outcomes.ts";

/** Targeting that yields a name no variant has: whoever reaches it gets an error and the code default. */
export const unknownVariant: Check = (checked) => {
  const names = Object.keys(checked.flag.variants);
  for (const { value, path } of outcomesOf(checked)) {
    const named = isRecord(value) ? value["variant"] : value;
    if (named === null || named === undefined || typeof named === "object") continue;
    const name = String(named);
    if (names.includes(name)) continue;
    const message = `targeting yields "${name}", which is none of the variants (${names.join(", ")}); whoever reaches it gets the code default`;
    checked.report({
      code: "unknown-variant",
      severity: "error",
      path,
      message,
      didYouMean: didYouMean(name, names),
    });
  }
};
