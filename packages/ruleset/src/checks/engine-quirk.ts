import { attributeRead, type Check, type Operation } from "./check.ts";

const goOnly: ReadonlySet<string> = new Set(["set", "abs", "contains_all", "contains_any", "contains_none"]);

/** Rules that mean one thing to flagd's engine and another to most JsonLogic engines. We answer as flagd does. */
export const engineQuirk: Check = ({ operations, report }) => {
  for (const operation of operations) {
    const message = quirkOf(operation);
    if (message !== undefined)
      report({ code: "engine-quirk", severity: "warning", path: operation.path, message });
  }
};

function quirkOf({ name, list }: Operation): string | undefined {
  if (goOnly.has(name)) return `"${name}" exists only in flagd's Go engine`;
  if (name === "reduce" && list.length < 3) return "reduce without a start value yields 0 in flagd";
  if (name === "cat" && list.length > 1 && (hasEdgeSpace(list[0], 0) || hasEdgeSpace(list.at(-1), -1))) {
    return "cat trims both ends of its result in flagd";
  }
  if (attributeRead({ name, list })?.endsWith(".length") === true) {
    return "flagd reads .length of a list as its first element, and of a text as nothing";
  }
  return undefined;
}

function hasEdgeSpace(value: unknown, at: 0 | -1): boolean {
  return typeof value === "string" && /\s/.test(value.at(at) ?? "");
}
