import { answerWith } from "./evaluate/answer.ts";
import { bucketOf } from "./evaluate/bucket.ts";
import { isTruthy } from "./evaluate/coerce.ts";
import { failureOf } from "./evaluate/failure.ts";
import { hashText } from "./evaluate/hash.ts";
import { interpret } from "./evaluate/interpret.ts";
import { sharesOf, weightOf } from "./evaluate/operators/fractional.ts";
import type { Run } from "./evaluate/run.ts";
import { isRecord } from "./json.ts";
import { flagEntryOf } from "./ruleset.ts";
import type { Evaluation, EvaluationContext, JsonValue, Ruleset } from "./types.ts";

type Path = readonly (string | number)[];

/** One operation that was evaluated on the way to an answer, inner ones before the outer. */
export interface ExplanationStep {
  /** Where the operation stands in the flag's targeting. */
  readonly path: Path;
  readonly operator: string;
  /** The values it saw; absent for operators that evaluate only what they need. */
  readonly arguments?: unknown;
  readonly answer: unknown;
  /** How a `fractional` chose. */
  readonly bucket?: BucketChoice;
}

/** How a `fractional` chose: `bucket` = hash × total ÷ 2³², and the first running sum above it wins. */
export interface BucketChoice {
  readonly bucketBy: string;
  readonly hash: number;
  readonly bucket: number;
  readonly total: number;
  /** Running sums: the winner holds [`from`, `to`). */
  readonly from: number;
  readonly to: number;
}

/** An answer and how it came about. */
export interface Explanation {
  readonly flagKey: string;
  readonly evaluation: Evaluation;
  /** Who decided: `targeting` yielded a variant; `default` means that it yielded nothing; `flag` that it was not asked. */
  readonly decidedBy: "targeting" | "default" | "flag" | "error";
  /** The clause of the targeting that gave the answer, through every `if` that was taken. */
  readonly rule?: Path;
  readonly steps: readonly ExplanationStep[];
  /** Steps beyond the first thousand, which are not kept. */
  readonly omittedSteps: number;
}

const MAX_STEPS = 1000;

/** Evaluates a flag as `evaluate` does, and tells which rule decided with the values that each condition saw. */
export function explain(
  ruleset: Ruleset,
  flagKey: string,
  context: EvaluationContext,
  nowMs: number,
): Explanation {
  const entry = flagEntryOf(ruleset, flagKey);
  const targeting = entry?.definition.targeting;
  const paths = new Map<object, Path>();
  if (targeting !== undefined) notePaths(targeting, ["flags", flagKey, "targeting"], paths);
  const steps: ExplanationStep[] = [];
  const answers = new Map<JsonValue, unknown>();
  let omittedSteps = 0;

  const note = (rule: JsonValue, answer: unknown, args: unknown, bucket: BucketChoice | undefined): void => {
    answers.set(rule, answer);
    if (steps.length >= MAX_STEPS) {
      omittedSteps++;
      return;
    }
    const path = paths.get(rule as object) ?? [];
    const seen = args === undefined ? {} : { arguments: args };
    steps.push({
      path,
      operator: nameOf(rule),
      ...seen,
      answer,
      ...(bucket === undefined ? {} : { bucket }),
    });
  };
  const evaluation = answerWith(
    (flag, root, key, at) => {
      const trace: NonNullable<Run["trace"]> = (rule, answer, args, data) =>
        note(rule, answer, args, nameOf(rule) === "fractional" ? explainChoice(args, data, run) : undefined);
      const run: Run = { root, flagKey: key, nowMs: at, work: 0, loops: 0, trace };
      try {
        return interpret(flag.definition.targeting, root, run);
      } catch (error) {
        return failureOf(error);
      }
    },
    ruleset,
    entry,
    flagKey,
    context,
    nowMs,
    undefined,
  );
  const decidedBy = deciderOf(evaluation, targeting !== undefined && (steps.length > 0 || omittedSteps > 0));
  const rule =
    targeting === undefined || decidedBy !== "targeting"
      ? undefined
      : takenClause(targeting, flagKey, answers);
  return { flagKey, evaluation, decidedBy, ...(rule === undefined ? {} : { rule }), steps, omittedSteps };
}

function nameOf(rule: JsonValue): string {
  return Object.keys(rule as object)[0] ?? "";
}

/** Goes the way of `fractional` once more, on a budget of its own; undefined where nothing could be decided. */
function explainChoice(args: unknown, data: unknown, run: Run): BucketChoice | undefined {
  const shares = sharesOf(args, data, { ...run, work: 0 });
  if (shares === undefined) return undefined;
  const [bucketBy, buckets, total] = shares;
  const hash = hashText(bucketBy);
  const bucket = bucketOf(hash, total);
  let [from, to] = [0, 0];
  for (const weight of buckets.map(weightOf)) {
    [from, to] = [to, to + weight];
    if (to > bucket) break;
  }
  return { bucketBy, hash, bucket, total, from, to };
}

function deciderOf(evaluation: Evaluation, wasAsked: boolean): Explanation["decidedBy"] {
  if (evaluation.errorCode !== undefined) return "error";
  if (evaluation.reason === "STATIC" || evaluation.reason === "DISABLED") return "flag";
  if (evaluation.reason === "DEFAULT") return wasAsked ? "default" : "flag";
  return "targeting";
}

/** Notes where each operation stands; one that stands in several places (through `$ref`) keeps the first. */
function notePaths(tree: JsonValue, path: Path, paths: Map<object, Path>): void {
  if (typeof tree !== "object" || tree === null || paths.has(tree)) return;
  paths.set(tree, path);
  for (const [key, child] of Object.entries<JsonValue>(tree as Readonly<Record<string, JsonValue>>)) {
    notePaths(child, [...path, Array.isArray(tree) ? Number(key) : key], paths);
  }
}

/** Follows every `if` by the answers its conditions gave. */
function takenClause(targeting: JsonValue, flagKey: string, answers: ReadonlyMap<JsonValue, unknown>): Path {
  const path: (string | number)[] = ["flags", flagKey, "targeting"];
  let rule = targeting;
  for (;;) {
    const name = isRecord(rule) && Object.keys(rule).length === 1 ? Object.keys(rule)[0] : undefined;
    if (name !== "if" && name !== "?:") return path;
    const clauses = (rule as { readonly [key: string]: JsonValue })[name] as readonly JsonValue[];
    let taken = clauses.length % 2 === 1 ? clauses.length - 1 : -1;
    for (let i = clauses.length - (clauses.length % 2) - 2; i >= 0; i -= 2) {
      const condition = clauses[i] ?? null;
      if (isTruthy(answers.has(condition) ? answers.get(condition) : condition)) taken = i + 1;
    }
    if (taken < 0) return path;
    path.push(name, taken);
    rule = clauses[taken] ?? null;
  }
}
