import { didYouMean } from "../did-you-mean.ts";
import { eagerOperators, lazyOperators } from "../evaluate/operators/index.ts";
import type { Check } from "./check.ts";

const names: ReadonlySet<string> = new Set([...eagerOperators.keys(), ...lazyOperators.keys()]);

/** Operators that no flagd knows: the rule that reaches one fails. References are reported when they are read. */
export const unknownOperator: Check = ({ operations, report }) => {
  for (const operation of operations) {
    const { name } = operation;
    if (names.has(name) || name === "$ref") continue;
    const message = `unknown operator "${name}"; a rule that reaches it fails with PARSE_ERROR`;
    report({
      code: "unknown-operator",
      severity: "error",
      path: operation.path,
      message,
      didYouMean: didYouMean(name, [...names]),
    });
  }
};
