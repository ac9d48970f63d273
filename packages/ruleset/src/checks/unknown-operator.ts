import { didYouMean } from "../did-you-mean.ts";
import { eagerOperators, lazyOperators } from "../evaluate/operators/index.ts";
import type { Check } from "./check.ts";

const names = [...eagerOperators.keys(), ...lazyOperators.keys()];

/** Operators that no flagd knows: the rule that reaches one fails. References are reported when they are read. */
export const unknownOperator: Check = ({ operations, report }) => {
  for (const { name, path } of operations) {
    if (names.includes(name) || name === "$ref") continue;
    const message = `unknown operator "${name}"; a rule that reaches it fails with PARSE_ERROR`;
    report({
      code: "unknown-operator",
      severity: "error",
      path,
      message,
      didYouMean: didYouMean(name, names),
    });
  }
};
