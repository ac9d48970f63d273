import { sameValue } from "../diff/same-value.ts";
import type { FlagDefinition, Issue, IssueCode, JsonValue } from "../types.ts";
import { readBase, type RolloutBase } from "./base.ts";
import { writeChosen } from "./chosen.ts";
import { readRendered, writeRendered } from "./rendered.ts";
import { readRolloutMetadata, writeRolloutMetadata } from "./rollout-metadata.ts";
import { readChain, renameResult, type Rule } from "./rule-chain.ts";
import { checkStep, type RolloutStep, weightOf } from "./step.ts";
import { originalOf, twinOf } from "./twin.ts";

/** A flag with a rollout in it, or every reason why this flag cannot be rolled out so. */
export type RolloutResult =
  | { readonly ok: true; readonly flag: FlagDefinition }
  | { readonly ok: false; readonly issues: readonly Issue[] };

/**
 * Renders one step of a rollout into a flag, in stock flagd operators: chosen segments first, then the flag's own rules, then the
 * share. Whatever the share did not decide yields a twin variant. A flag that carries an earlier step of the same rollout is moved
 * to the new step; segment kills in front stay.
 *
 * Refused, with every reason: another rollout in the flag, rules of its own that leave nobody to the rollout or end in something
 * other than a variant's name, a disabled flag, a default that is neither control nor the code default.
 */
export function renderRollout(flag: FlagDefinition, step: RolloutStep): RolloutResult {
  const base = baseFor(flag, step);
  const issues = [...checkStep(step), ...("code" in base ? [base] : checkFlag(base.flag, step))];
  if ("code" in base || issues.length > 0) return { ok: false, issues };
  const older = renderOlder(base.flag, step);
  if (!older.ok) return older;
  const { defaultVariant } = base.flag;
  const used = new Set([step.treatment, step.control, ...older.used]);
  if (typeof defaultVariant === "string" && defaultVariant !== "") used.add(defaultVariant);
  const variants: Record<string, JsonValue> = { ...base.flag.variants };
  for (const variant of used) {
    const twin = twinOf(variant);
    const value = variants[variant] ?? null;
    if (Object.hasOwn(variants, twin) && !sameValue(variants[twin], value)) {
      return refuse(
        "invalid-rollout",
        ["variants", twin],
        `variant "${twin}" exists with another value, but the rollout needs this name; rename it`,
      );
    }
    variants[twin] = value;
  }
  const chosen = writeChosen(step.segments);
  return {
    ok: true,
    flag: {
      ...base.flag,
      variants,
      ...(used.has(defaultVariant ?? "") ? { defaultVariant: twinOf(defaultVariant ?? "") } : {}),
      targeting: writeRendered({
        cuts: base.cuts,
        ...(chosen === undefined ? {} : { chosen }),
        older: older.rules,
        treatment: step.treatment,
        control: step.control,
        salt: step.salt,
        weight: weightOf(step.percent) ?? 0,
      }),
      metadata: writeRolloutMetadata(base.flag.metadata, step),
    },
  };
}

function baseFor(flag: FlagDefinition, step: RolloutStep): RolloutBase | Issue {
  const running = readRolloutMetadata(flag.metadata);
  const rendered = readRendered(flag.targeting);
  if (running !== undefined && running.rolloutId !== step.rolloutId) {
    const message = `the flag is in rollout "${running.rolloutId}" (stage ${running.stage}); finish or abort that one first`;
    return issueOf("invalid-rollout", ["metadata", "rollout"], message);
  }
  if (running !== undefined && rendered === undefined) {
    const message = `metadata says rollout "${running.rolloutId}", but its rule was changed by hand; restore the flag to an earlier revision or remove metadata.rollout`;
    return issueOf("unrenderable-targeting", ["targeting"], message);
  }
  const message =
    "the targeting holds the rule of an earlier rollout that ended in between; replace it by the variant everyone should get";
  return readBase(flag) ?? issueOf("unrenderable-targeting", ["targeting"], message);
}

function checkFlag(flag: FlagDefinition, step: RolloutStep): readonly Issue[] {
  const issues: Issue[] = [];
  for (const role of ["treatment", "control"] as const) {
    const variant = step[role];
    if (!Object.hasOwn(flag.variants, variant)) {
      const known = Object.keys(flag.variants).map((name) => `"${name}"`);
      const message = `${role} "${variant}" is none of the variants; choose from ${known.join(", ")}`;
      issues.push(issueOf("unknown-variant", [role], message));
    } else if (/["<>&\\]/.test(variant) || variant === "") {
      const message = `flagd can never answer with variant "${variant}" (its name is empty or has one of " < > & \\); rename it`;
      issues.push(issueOf("unmatchable-name", [role], message));
    } else if (originalOf(variant, flag.variants) !== undefined) {
      const message = `${role} "${variant}" is the twin of another variant; name that one`;
      issues.push(issueOf("invalid-rollout", [role], message));
    }
  }
  if (flag.state !== "ENABLED") {
    const message = `the flag is DISABLED, so a rollout would reach nobody; enable it with "${step.control}" as its default first`;
    issues.push(issueOf("invalid-rollout", ["state"], message));
  }
  return issues;
}

type OlderRules =
  | { readonly ok: true; readonly rules: readonly Rule[]; readonly used: readonly string[] }
  | { readonly ok: false; readonly issues: readonly Issue[] };

function renderOlder(flag: FlagDefinition, step: RolloutStep): OlderRules {
  const chain = readChain(flag.targeting);
  const issues: Issue[] = [];
  const used: string[] = [];
  const report = (part: JsonValue): void => {
    const message = `${describePart(part)} can decide the flag, so a rollout cannot tell its users apart; let every rule end in a variant's name`;
    issues.push(issueOf("unrenderable-targeting", ["targeting"], message));
  };
  const toTwin = (variant: string): string => {
    if (!Object.hasOwn(flag.variants, variant)) {
      const message = `a rule yields "${variant}", which is none of the variants; correct the rule first`;
      issues.push(issueOf("unknown-variant", ["targeting"], message));
      return variant;
    }
    if (originalOf(variant, flag.variants) !== undefined) return variant;
    used.push(variant);
    return twinOf(variant);
  };
  const rules = chain.rules.map(({ when, result }): Rule => {
    const renamed = renameResult(result, toTwin);
    if (!renamed.ok) report(renamed.part);
    return { when, result: renamed.ok ? renamed.result : result };
  });
  const normal = chain.otherwise ?? (flag.defaultVariant === "" ? null : (flag.defaultVariant ?? null));
  if (typeof normal === "object" && normal !== null) report(normal);
  else if (normal !== null && normal !== step.control) {
    const source = chain.otherwise === null ? "defaultVariant" : "the last branch of targeting";
    const effect =
      normal === step.treatment ? "everyone has the treatment already" : "the rollout would take it away";
    const path = chain.otherwise === null ? ["defaultVariant"] : ["targeting"];
    const message = `${source} gives ${JSON.stringify(normal)}, not control "${step.control}": ${effect}; set it to "${step.control}" first`;
    issues.push(issueOf("unrenderable-targeting", path, message));
  }
  return issues.length > 0 ? { ok: false, issues } : { ok: true, rules, used };
}

function describePart(part: JsonValue): string {
  if (typeof part !== "object" || part === null) return `the result ${JSON.stringify(part)}`;
  const [operator] = Object.keys(part);
  if (operator === "fractional") return "the flag's own fractional";
  return Array.isArray(part) ? "a list" : `the operator "${operator ?? "{}"}"`;
}

function issueOf(code: IssueCode, path: readonly string[], message: string): Issue {
  return { code, severity: "error", path, message };
}

function refuse(code: IssueCode, path: readonly string[], message: string): RolloutResult {
  return { ok: false, issues: [issueOf(code, path, message)] };
}
