import { isTruthy } from "../evaluate/coerce.ts";
import { writeJson } from "../write.ts";
import { type Check, isLiteral } from "./check.ts";

/** Clauses of an `if` that nobody can reach: behind a condition that always holds, never holds, or was asked before. */
export const unreachableRule: Check = ({ operations, report }) => {
  for (const operation of operations) {
    const { name, list } = operation;
    if (name !== "if" && name !== "?:") continue;
    const asked = new Set<string>();
    for (let i = 0; i + 1 < list.length; i += 2) {
      const condition = list[i] ?? null;
      // One condition alone needs no comparing.
      const text = list.length > 3 ? writeJson(condition) : "";
      if (isLiteral(condition)) {
        const holds = isTruthy(condition);
        const what = holds ? "everything after it is unreachable" : "its clause is unreachable";
        if (!holds || i + 2 < list.length) {
          const message = `the condition is always ${holds}: ${what}`;
          report({
            code: "unreachable-rule",
            severity: "warning",
            path: [...operation.path, name, i],
            message,
          });
        }
      } else if (asked.has(text)) {
        const message = "the same condition was asked before: its clause is unreachable";
        report({
          code: "unreachable-rule",
          severity: "warning",
          path: [...operation.path, name, i],
          message,
        });
      }
      asked.add(text);
    }
  }
};
