import { type Check, isLiteral, type Operation } from "./check.ts";

const needsList: ReadonlySet<string> = new Set(
  "if ?: and or == != < <= > >= - * / % max min in map filter reduce all some none missing_some substr".split(
    " ",
  ),
);
const affixes: ReadonlySet<string> = new Set(["starts_with", "ends_with"]);

/** Arguments with which an operator fails or yields nothing, whatever the context. */
export const operatorArguments: Check = ({ operations, report }) => {
  for (const operation of operations) {
    const message = affixes.has(operation.name) ? checkAffix(operation) : checkList(operation);
    if (message === undefined) continue;
    const path = [...operation.path, operation.name];
    report({ code: "invalid-arguments", severity: "error", path, message });
  }
};

function checkAffix({ name, args, list }: Operation): string | undefined {
  const isWrong = !Array.isArray(args) || list.length !== 2;
  const hasNoText = list.some((arg) => isLiteral(arg) && typeof arg !== "string");
  return isWrong || hasNoText ? `${name} needs two texts; it yields null` : undefined;
}

function checkList({ name, args }: Operation): string | undefined {
  if (!needsList.has(name) || Array.isArray(args) || !isLiteral(args)) return undefined;
  return `${name} needs a list of arguments; the rule fails with PARSE_ERROR`;
}
