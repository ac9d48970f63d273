import type { Issue, JsonValue } from "../types.ts";
import type { Budget } from "./budget.ts";

/** The size of a tree with every `$ref` replaced. Sums saturate: a chain of doublings stays a number. */
interface Extent {
  readonly nodes: number;
  readonly depth: number;
}

/** An evaluator with its references replaced, and how big that makes it. */
interface Resolved extends Extent {
  readonly rule: JsonValue;
}

/** Replaces `{"$ref": name}` on the tree. Trees are shared, never copied, so a chain of doublings costs nothing. */
export interface ReferenceResolver {
  /** The tree with references replaced; the same object if there are none. `undefined`: over budget. */
  resolve(tree: JsonValue, onUnknown: (name: string) => void): JsonValue | undefined;
  readonly evaluators: ReadonlyMap<string, JsonValue>;
}

/** Builds a resolver over the document's `$evaluators`, telling of those that cannot be used. */
export function createReferenceResolver(
  source: ReadonlyMap<string, JsonValue>,
  budget: Budget,
  report: (issue: Issue) => void,
): ReferenceResolver {
  const resolved = new Map<string, Resolved | "in progress" | "refused">();
  let unknown: (name: string) => void = () => undefined;

  function evaluator(name: string): Resolved | undefined {
    const known = resolved.get(name);
    if (known === "in progress") {
      report(issue("cyclic-reference", name, `evaluator "${name}" refers to itself; break the cycle`));
      return undefined;
    }
    if (known !== undefined) return known === "refused" ? undefined : known;
    const rule = source.get(name);
    if (rule === undefined) return undefined;
    resolved.set(name, "in progress");
    const result = walk(rule, 0);
    if (result === undefined) {
      report(
        issue(
          "budget-exceeded",
          name,
          `evaluator "${name}" is too big or nested too deeply once its references are replaced`,
        ),
      );
    }
    resolved.set(name, result ?? "refused");
    return result;
  }

  /** Undefined when the tree is over budget. Recursion is bounded by the depth budget. */
  function walk(tree: JsonValue, level: number): Resolved | undefined {
    if (typeof tree !== "object" || tree === null) return { rule: tree, nodes: 1, depth: 0 };
    if (level > budget.maxDepth) return undefined;
    const isList = Array.isArray(tree);
    const keys = Object.keys(tree);
    if (!isList && keys.length === 1 && keys[0] === "$ref")
      return reference(tree as { readonly $ref: JsonValue });
    if (keys.length > budget.maxNodes) return undefined;
    let nodes = 1;
    let depth = 0;
    let replaced: [string, JsonValue][] | undefined;
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i] ?? "";
      const child = (tree as { readonly [key: string]: JsonValue })[key] ?? null;
      if (typeof child !== "object" || child === null) {
        nodes++;
        continue;
      }
      const result = walk(child, level + 1);
      if (result === undefined) return undefined;
      nodes += result.nodes;
      if (result.depth >= depth) depth = result.depth + 1;
      if (nodes > budget.maxNodes || level + depth > budget.maxDepth) return undefined;
      if (result.rule !== child) (replaced ??= []).push([key, result.rule]);
    }
    return { rule: replaced === undefined ? tree : replaceProperties(tree, replaced, isList), nodes, depth };
  }

  function reference(tree: { readonly $ref: JsonValue }): Resolved {
    const name = tree.$ref;
    const target = typeof name === "string" ? evaluator(name) : undefined;
    // What cannot be replaced stays, and fails as an unknown operator when it is reached.
    if (target === undefined) unknown(typeof name === "string" ? name : JSON.stringify(name));
    return target ?? { rule: tree, nodes: 2, depth: 1 };
  }

  const evaluators = new Map<string, JsonValue>();
  for (const name of source.keys()) {
    const result = evaluator(name);
    if (result !== undefined) evaluators.set(name, result.rule);
  }
  return {
    evaluators,
    resolve(tree, onUnknown) {
      unknown = onUnknown;
      return walk(tree, 0)?.rule;
    },
  };
}

function replaceProperties(
  tree: JsonValue,
  replaced: readonly [string, JsonValue][],
  isList: boolean,
): JsonValue {
  if (isList) {
    const copy = [...(tree as readonly JsonValue[])];
    for (const [index, rule] of replaced) copy[Number(index)] = rule;
    return copy;
  }
  const changes = new Map(replaced);
  // fromEntries defines, never assigns: a key "__proto__" stays a key.
  return Object.fromEntries(
    Object.entries(tree as object).map(([key, value]) => [key, changes.get(key) ?? value]),
  );
}

function issue(code: Issue["code"], name: string, message: string): Issue {
  return { code, severity: "error", path: ["$evaluators", name], message };
}
