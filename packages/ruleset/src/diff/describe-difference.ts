import type { FlagSummary } from "../change/flag-change.ts";
import { compareShares } from "../change/percentages.ts";
import { listAttributes } from "../change/segments.ts";
import { asLine, asList, asShare } from "../change/sentence.ts";
import type { FlagDefinition } from "../types.ts";
import type { DifferenceKind } from "./flag-difference.ts";
import { sameValue } from "./same-value.ts";

/** Two definitions of a flag and what differs. */
export interface DescribedDifference {
  readonly kinds: readonly DifferenceKind[];
  readonly segments: readonly string[];
  readonly left: FlagDefinition;
  readonly right: FlagDefinition;
  readonly previous: FlagSummary;
  readonly current: FlagSummary;
}

/** Says what differs and who is affected, in one line. */
export function describeDifference(difference: DescribedDifference): string {
  const { kinds, left, right, previous, current } = difference;
  const told = kinds.flatMap((kind) => sentences[kind]?.(difference) ?? []);
  const isOff = left.state === "DISABLED" && right.state === "DISABLED";
  if (isOff) return `${told.join("; ")}; nobody is affected while the flag is disabled`;
  if (sameValue(kinds, ["metadata"])) return `${told.join("; ")}; nobody's answer changes`;
  const isSwitched = previous.state !== current.state;
  return isSwitched ? `${told.join("; ")}; everyone is affected` : told.join("; ");
}

/** Says what it means that a flag came, went, broke or works again. */
export function describeAppearance(
  kind: "created" | "deleted" | "broken" | "repaired",
  previous: FlagSummary | undefined,
  current: FlagSummary | undefined,
  problem: string | undefined,
): string {
  const sentence = {
    created: `new flag, ${stateOf(current)}; whoever asks for it gets it instead of the code default`,
    deleted: `deleted (was ${stateOf(previous)}); everyone gets the code default`,
    broken: `broken: ${asLine(problem ?? "cannot be evaluated", 200)}; everyone gets the code default`,
    repaired: `can be evaluated again, ${stateOf(current)}; everyone may get another answer`,
  };
  return sentence[kind];
}

function stateOf(summary: FlagSummary | undefined): string {
  if (summary?.state !== "ENABLED") return "disabled";
  return `enabled, default ${nameOf(summary)}`;
}

function nameOf(summary: FlagSummary): string {
  return summary.defaultVariant === null ? "from code" : asLine(summary.defaultVariant, 64);
}

const sentences: Partial<
  Record<DifferenceKind, (difference: DescribedDifference) => string | readonly string[]>
> = {
  enabled: ({ current }) => `enabled, default ${nameOf(current)}`,
  disabled: () => "disabled, callers get their code default",
  default: ({ previous, current }) =>
    `default ${nameOf(previous)} → ${nameOf(current)}, for everyone whom no rule decides`,
  targeting: ({ left, right }) => {
    const attributes = [...new Set([...listAttributes(left.targeting), ...listAttributes(right.targeting)])];
    const whom = attributes.length === 0 ? "everyone" : `users by ${asList(attributes)}`;
    return `rules changed, for ${whom}`;
  },
  rollout: ({ previous, current, left, right }) => {
    const moved = compareShares(previous.percentages, current.percentages);
    if (moved.length === 0) {
      const stage = (flag: FlagDefinition): string =>
        asLine(String(flag.metadata?.["rollout"] ?? "none"), 80);
      return `rollout ${stage(left)} → ${stage(right)}, shares as before`;
    }
    const shown = (share: number | undefined): string => (share === undefined ? "none" : asShare(share));
    const steps = moved.map(
      ({ variant, from, to }) => `${asLine(variant, 64)} ${shown(from)} → ${shown(to)}`,
    );
    const gained = moved.reduce((sum, { from, to }) => sum + Math.max(0, (to ?? 0) - (from ?? 0)), 0);
    // Without shares before, everyone may have had either.
    const isKnown = previous.percentages !== undefined && gained > 0;
    return `rollout ${asList(steps)}${isKnown ? `, for at least ${asShare(gained)} of the users it decides` : ""}`;
  },
  segments: ({ previous, current, segments }) => {
    const added = (current.segments ?? []).filter((name) => previous.segments?.includes(name) !== true);
    const gone = (previous.segments ?? []).filter((name) => current.segments?.includes(name) !== true);
    const parts = [
      ...(added.length === 0 ? [] : [`now with rules for the users in ${asList(added)}`]),
      ...(gone.length === 0 ? [] : [`no longer with rules for the users in ${asList(gone)}`]),
    ];
    const kept = segments.filter((name) => !added.includes(name) && !gone.includes(name));
    if (kept.length > 0) parts.push(`another rule for who is in ${asList(kept)}`);
    return parts.join(", ");
  },
  variants: ({ left, right }) => {
    const names = [...new Set([...Object.keys(left.variants), ...Object.keys(right.variants)])];
    const differing = names.filter((name) => !sameValue(left.variants[name], right.variants[name]));
    return `values of ${asList(differing)} changed, for everyone who gets them`;
  },
  metadata: ({ left, right }) => {
    const names = [...new Set([...Object.keys(left.metadata ?? {}), ...Object.keys(right.metadata ?? {})])];
    const differing = names.filter((name) => left.metadata?.[name] !== right.metadata?.[name]);
    return differing.length === 0 ? "only unused properties differ" : `metadata ${asList(differing)} changed`;
  },
};
