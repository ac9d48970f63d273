import { FlagdCore } from "@openfeature/flagd-core";
import { evaluateCompiled, type FlagDefinition, parseRuleset } from "@flagspan/ruleset";
import { LogicEngine } from "json-logic-engine";
import { type CaseName, contexts, document } from "./cases.ts";
import { evaluateByHand, hash } from "./by-hand.ts";

/** Evaluates a case for a subject and hands the result object out. */
export type Peer = (name: CaseName, context: Readonly<Record<string, string>>) => unknown;

/** What answers beside us, each made in the process that measures it. */
export const peers: Readonly<Record<string, () => Peer>> = {
  ours: createOurs,
  "hand-written": () => evaluateByHand,
  "flagd-core": createFlagdCore,
  "json-logic-engine": createJsonLogicEngine,
};

/** The answer as a text, so that peers can be held against each other. */
export function answerOf(result: unknown): string {
  const { value, variant } = result as { readonly value?: unknown; readonly variant?: string };
  return variant === undefined ? "none" : `${variant}=${JSON.stringify(value)}`;
}

function createOurs(): Peer {
  const parsed = parseRuleset(document);
  if (!parsed.ok) throw new Error("the ruleset does not parse");
  const { ruleset } = parsed;
  const nowMs = Date.now();
  return (name, context) => evaluateCompiled(ruleset, name, context, nowMs, typeOf(name));
}

function typeOf(name: CaseName): "boolean" | "string" {
  return name === "fractional" || name === "ten-rule" ? "string" : "boolean";
}

function createFlagdCore(): Peer {
  const ignore = (): void => undefined;
  const core = new FlagdCore(undefined, { error: ignore, warn: ignore, info: ignore, debug: ignore });
  core.setConfigurations(JSON.stringify(document));
  return (name, context) =>
    typeOf(name) === "string"
      ? core.resolveStringEvaluation(name, "a", { ...context })
      : core.resolveBooleanEvaluation(name, false, { ...context });
}

/** The engine alone, with flagd's operators as one would add them, and a map of variants around it. */
function createJsonLogicEngine(): Peer {
  const engine = new LogicEngine();
  engine.addMethod("ends_with", ([text, part]: [string, string]) => text.endsWith(part));
  engine.addMethod("sem_ver", ([a, , b]: [string, string, string]) => {
    const left = a.split(".").map(Number);
    const right = b.split(".").map(Number);
    for (let i = 0; i < 3; i++) if (left[i] !== right[i]) return (left[i] ?? 0) > (right[i] ?? 0);
    return true;
  });
  engine.addMethod("fractional", {
    deterministic: false,
    method: (
      buckets: readonly (readonly [string, number])[],
      data: { readonly flagKey: string; readonly targetingKey: string },
    ) => {
      const total = buckets.reduce((sum, [, weight]) => sum + weight, 0);
      const bucket = Math.floor((hash(data.flagKey + data.targetingKey) * total) / 2 ** 32);
      let sum = 0;
      return buckets.find(([, weight]) => (sum += weight) > bucket)?.[0];
    },
  } as never);
  const flags = Object.entries(document["flags"] as unknown as Readonly<Record<string, FlagDefinition>>);
  const built = new Map(
    flags.map(([key, flag]) => [
      key,
      { flag, run: flag.targeting === undefined ? undefined : engine.build(flag.targeting) },
    ]),
  );
  return (name, context) => {
    const entry = built.get(name);
    if (entry === undefined) return { value: undefined, variant: undefined, reason: "ERROR" };
    const variant =
      (entry.run?.({ ...context, flagKey: name }) as string | undefined) ?? entry.flag.defaultVariant ?? "";
    return { value: entry.flag.variants[variant], variant, reason: "TARGETING_MATCH" };
  };
}

/** Where a peer's answers differ from another's; empty if nowhere. */
export function differences(name: CaseName, a: Peer, b: Peer): readonly string[] {
  return contexts.flatMap((context) => {
    const [left, right] = [answerOf(a(name, context)), answerOf(b(name, context))];
    return left === right ? [] : [`${JSON.stringify(context)}: ${left} against ${right}`];
  });
}
