import type { FlagDefinition, Ruleset } from "@flagspan/ruleset";
import { findClosest } from "../closest.ts";
import { findJump } from "./jump.ts";
import type { KindPolicy, Policy, PolicyFinding } from "./policy.ts";

const DAY_MS = 86_400_000;

/** Checks every flag against a policy; shares that grow are measured from the base, if there is one. */
export function checkPolicy(
  policy: Policy,
  ruleset: Ruleset,
  base: Ruleset | undefined,
  nowMs: number,
): readonly PolicyFinding[] {
  return [...ruleset.flags].flatMap(([flagKey, flag]) => {
    const findings: PolicyFinding[] = [];
    const report: Report = (code, path, message, more = {}) => {
      findings.push({
        code,
        severity: "error",
        path: ["flags", flagKey, ...path],
        message,
        flagKey,
        ...more,
      });
    };
    const kind = checkKind(policy, flag, report);
    if (kind !== undefined) {
      checkKey(kind, flagKey, report);
      checkMetadata(kind, flag, report);
    }
    checkExpiry(policy, kind, flag, nowMs, report);
    const before = base?.flags.get(flagKey);
    if (policy.maximumJump !== undefined && before !== undefined) {
      const jump = findJump(before, flag);
      if (jump !== undefined && jump.points > policy.maximumJump) {
        const message = `"${jump.variant}" grows from ${jump.from} % to ${jump.to} % at once; at most ${policy.maximumJump} points are allowed, so go to ${round(jump.from + policy.maximumJump)} % first`;
        report("policy-jump", ["targeting"], message);
      }
    }
    return findings;
  });
}

type Report = (
  code: PolicyFinding["code"],
  path: readonly string[],
  message: string,
  more?: Pick<Partial<PolicyFinding>, "severity" | "didYouMean">,
) => void;

function checkKind(policy: Policy, flag: FlagDefinition, report: Report): KindPolicy | undefined {
  const kind = flag.metadata?.["kind"];
  const known = typeof kind === "string" ? policy.kinds.get(kind) : undefined;
  if (known === undefined && policy.requireKind) {
    const kinds = [...policy.kinds.keys()];
    const meant = typeof kind === "string" ? findClosest(kind, kinds) : undefined;
    const message =
      kind === undefined
        ? `metadata.kind is missing; choose from ${kinds.join(", ")}`
        : `metadata.kind ${JSON.stringify(kind)} is not known; choose from ${kinds.join(", ")}`;
    report("policy-kind", ["metadata", "kind"], message, meant === undefined ? {} : { didYouMean: meant });
  }
  return known ?? policy.default;
}

function checkKey({ key }: KindPolicy, flagKey: string, report: Report): void {
  if (key === undefined || key.pattern.test(flagKey)) return;
  const example = key.example === undefined ? "" : `, such as "${key.example}"`;
  const description = key.description === undefined ? "" : ` (${key.description})`;
  report("policy-key", [], `the key must match ${key.pattern.source}${example}${description}`);
}

function checkMetadata({ require }: KindPolicy, flag: FlagDefinition, report: Report): void {
  for (const name of require) {
    const value = flag.metadata?.[name];
    if (value === undefined || String(value).trim() === "") {
      report("policy-metadata", ["metadata"], `metadata.${name} is missing; add it`);
    }
  }
}

function checkExpiry(
  policy: Policy,
  kind: KindPolicy | undefined,
  flag: FlagDefinition,
  nowMs: number,
  report: Report,
): void {
  const expires = flag.metadata?.["expires"];
  if (expires === undefined || String(expires).trim() === "") return;
  const time =
    typeof expires === "string" && /^\d{4}-\d\d-\d\d/.test(expires) ? Date.parse(expires) : Number.NaN;
  const path = ["metadata", "expires"];
  if (Number.isNaN(time)) {
    report(
      "policy-expires",
      path,
      `metadata.expires ${JSON.stringify(expires)} is no date; write 2026-01-31`,
    );
    return;
  }
  // A date without a time lasts until its end.
  const end = String(expires).length === 10 ? time + DAY_MS : time;
  const days = Math.floor((nowMs - end) / DAY_MS);
  if (nowMs > end) {
    const severity = days < policy.expiredGraceDays ? "warning" : "error";
    const message = `expired on ${String(expires)}; remove the flag from the code, or extend metadata.expires`;
    report("policy-expires", path, message, { severity });
  }
  const limit = kind?.maxLifetimeDays;
  if (limit !== undefined && end - nowMs > (limit + 1) * DAY_MS) {
    report(
      "policy-lifetime",
      path,
      `expires ${String(expires)} is more than ${limit} days ahead; choose an earlier date`,
    );
  }
}

function round(percent: number): number {
  return Math.round(percent * 1000) / 1000;
}
