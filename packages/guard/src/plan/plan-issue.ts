/** What is wrong with a plan: where, what, and what would fix it. */
export interface PlanIssue {
  readonly code: "missing" | "unknown-field" | "invalid" | "order";
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** Collects issues while a plan is read, so that all of them can be told at once. */
export class PlanReader {
  readonly issues: PlanIssue[] = [];

  report(code: PlanIssue["code"], path: readonly (string | number)[], message: string): undefined {
    this.issues.push({ code, path, message });
  }

  /** Returns `value` as an object whose fields are all in `known`; reports what is not. */
  fields(
    value: unknown,
    path: readonly (string | number)[],
    known: readonly string[],
  ): Readonly<Record<string, unknown>> | undefined {
    if (typeof value !== "object" || value === null || Array.isArray(value))
      return this.report(
        "invalid",
        path,
        `${describePath(path)} must be a mapping with ${known.join(", ")}.`,
      );
    for (const key of Object.keys(value))
      if (!known.includes(key))
        this.report(
          "unknown-field",
          [...path, key],
          `${describePath([...path, key])} is not known here; the fields are ${known.join(", ")}.`,
        );
    return value as Readonly<Record<string, unknown>>;
  }
}

/** Writes a path as `stages[2].hold`. */
export function describePath(path: readonly (string | number)[]): string {
  if (path.length === 0) return "the plan";
  return path
    .map((part, index) => (typeof part === "number" ? `[${part}]` : index === 0 ? part : `.${part}`))
    .join("");
}
