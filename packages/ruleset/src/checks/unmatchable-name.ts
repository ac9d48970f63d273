import type { Check } from "./check.ts";

const UNMATCHABLE = /["<>&\\]/;

/** Variant names that flagd itself can never match, because it compares them after escaping: here they would work, there not. */
export const unmatchableName: Check = ({ flag, report }) => {
  if (flag.targeting === undefined) return;
  for (const name of Object.keys(flag.variants)) {
    if (!UNMATCHABLE.test(name)) continue;
    const message = `flagd cannot match the variant name ${JSON.stringify(name)} in targeting; leave out " < > & \\`;
    report({ code: "unmatchable-name", severity: "warning", path: ["variants", name], message });
  }
};
