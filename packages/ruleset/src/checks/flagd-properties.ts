import { didYouMean } from "../did-you-mean.ts";
import { attributeRead, type Check } from "./check.ts";

const known = ["$flagd.flagKey", "$flagd.timestamp"];

/** Properties of `$flagd` that do not exist: they are always missing. */
export const flagdProperties: Check = ({ operations, report }) => {
  for (const operation of operations) {
    const attribute = attributeRead(operation);
    if (attribute === undefined || !attribute.startsWith("$flagd.") || known.includes(attribute)) continue;
    const message = `there is no "${attribute}"; flagd adds only ${known.join(" and ")}`;
    const suggestion = didYouMean(attribute, known);
    report({
      code: "unknown-flagd-property",
      severity: "error",
      path: [...operation.path, operation.name],
      message,
      didYouMean: suggestion,
    });
  }
};
