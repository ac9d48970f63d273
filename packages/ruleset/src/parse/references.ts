import type { Issue, JsonValue } from "../types.ts";
import type { Budget } from "./budget.ts";

/** An evaluator with its references replaced, and how big that makes it. */
interface Resolved {
  readonly rule: JsonValue;
  readonly nodes: number;
  readonly depth: number;
}

/** Whose references are replaced, for reports. */
interface ReferencePlace {
  readonly key: string;
  readonly index: string | number;
  readonly report: (issue: Issue) => void;
}

/** Replaces `{"$ref": name}` on the tree. Trees are shared, never copied, so a chain of doublings costs nothing. */
export interface ReferenceResolver {
  /** The tree with references replaced; the same object if there are none. `undefined`: over budget. */
  resolve(tree: JsonValue, place: ReferencePlace): JsonValue | undefined;
  readonly evaluators: ReadonlyMap<string, JsonValue>;
}

type Tree = { readonly [key: string]: JsonValue };

/** Builds a resolver over the document's `$evaluators`, telling of those that cannot be used. */
export function createReferenceResolver(
  source: ReadonlyMap<string, JsonValue>,
  budget: Budget,
  report: (issue: Issue) => void,
): ReferenceResolver {
  const resolved = new Map<string, Resolved | "in progress" | "refused">();
  // The size of the tree under way, its references replaced. Plain variables: every value of every flag is counted.
  let nodes = 0;
  let depth = 0;
  let place: ReferencePlace | undefined;
  const { maxNodes, maxDepth } = budget;

  function isOverBudget(): boolean {
    return nodes > maxNodes || depth > maxDepth;
  }

  function resolveEvaluator(name: string): Resolved | undefined {
    const known = resolved.get(name);
    if (known === "in progress") {
      report(issue("cyclic-reference", name, `evaluator "${name}" refers to itself; break the cycle`));
      return undefined;
    }
    if (known !== undefined) return known === "refused" ? undefined : known;
    const rule = source.get(name);
    if (rule === undefined) return undefined;
    const [outerNodes, outerDepth] = [nodes, depth];
    resolved.set(name, "in progress");
    nodes = depth = 0;
    const result: Resolved = { rule: walk(rule, 0), nodes, depth };
    if (isOverBudget()) {
      const message = `evaluator "${name}" is too big or too deep once its references are replaced`;
      report(issue("budget-exceeded", name, message));
      resolved.set(name, "refused");
    } else {
      resolved.set(name, result);
    }
    [nodes, depth] = [outerNodes, outerDepth];
    return resolved.get(name) === "refused" ? undefined : result;
  }

  /** Counts a tree and replaces its references; stops early once it is over budget, so recursion is bounded. */
  function walk(tree: JsonValue, level: number): JsonValue {
    nodes++;
    if (typeof tree !== "object" || tree === null) return tree;
    if (level > depth) depth = level;
    if (depth > maxDepth || nodes > maxNodes) return tree;
    return Array.isArray(tree)
      ? walkList(tree as readonly JsonValue[], level)
      : walkObject(tree as Tree, level);
  }

  function walkList(list: readonly JsonValue[], level: number): JsonValue {
    let copy: JsonValue[] | undefined;
    if (list.length > maxNodes) nodes += list.length;
    for (let i = 0; i < list.length && nodes <= maxNodes; i++) {
      const child = list[i];
      // Most values are scalars: counting them here saves a call for each.
      if (typeof child !== "object" || child === null) {
        nodes++;
        continue;
      }
      const replaced = walk(child, level + 1);
      if (replaced !== child) (copy ??= [...list])[i] = replaced;
    }
    return copy ?? list;
  }

  function walkObject(tree: Tree, level: number): JsonValue {
    let keys = 0;
    let changed: string | undefined;
    let replacement: JsonValue = null;
    // for…in with the access inside is the one form that engines read without looking the name up again.
    for (const key in tree) {
      keys++;
      const child = tree[key];
      if (typeof child !== "object" || child === null) {
        nodes++;
        if (key !== "$ref") continue;
        const target = replaceReference(tree, level);
        if (target !== undefined) return target;
        continue;
      }
      const value = walk(child, level + 1);
      if (nodes > maxNodes) return tree;
      if (value === child) continue;
      changed = key;
      replacement = value;
    }
    if (changed === undefined) return tree;
    // Both forms define, they never assign: a key "__proto__" stays a key.
    return keys === 1 ? { [changed]: replacement } : replaceInData(tree, level);
  }

  /**
   * An object with more keys is data, in which a reference is rare: it is walked again, this time to copy, and counted
   * again, so that data within data cannot make this take long.
   */
  function replaceInData(tree: Tree, level: number): JsonValue {
    return Object.fromEntries(Object.entries(tree).map(([key, child]) => [key, walk(child, level + 1)]));
  }

  /** What cannot be replaced stays, and fails as an unknown operator when it is reached. */
  function replaceReference(tree: Tree, level: number): JsonValue | undefined {
    if (Object.keys(tree).length > 1) return undefined;
    const name = tree["$ref"];
    const target = typeof name === "string" ? resolveEvaluator(name) : undefined;
    if (target === undefined) {
      reportUnknown(typeof name === "string" ? name : JSON.stringify(name));
      return undefined;
    }
    nodes += target.nodes;
    depth = Math.max(depth, level + target.depth);
    return target.rule;
  }

  function reportUnknown(name: string): void {
    place?.report({
      code: "unknown-reference",
      severity: "error",
      path: ["flags", place.index, "targeting"],
      message: `"$ref": "${name}" names no usable evaluator; a rule that reaches it fails with PARSE_ERROR`,
      flagKey: place.key,
    });
  }

  const evaluators = new Map<string, JsonValue>();
  for (const name of source.keys()) {
    const result = resolveEvaluator(name);
    if (result !== undefined) evaluators.set(name, result.rule);
  }
  return {
    evaluators,
    resolve(tree, from) {
      place = from;
      nodes = depth = 0;
      const result = walk(tree, 0);
      return isOverBudget() ? undefined : result;
    },
  };
}

function issue(code: Issue["code"], name: string, message: string): Issue {
  return { code, severity: "error", path: ["$evaluators", name], message };
}
