import type { FlagChange, FlagChangeAction, FlagSummary } from "./flag-change.ts";
import { compareShares } from "./percentages.ts";
import { asLine, asList, asShare } from "./sentence.ts";

/**
 * One sentence for people, such as a log record's body: who did what to which flag, what it does now, and why. One line whatever
 * the change holds; at most about 900 characters.
 */
export function describeChange(change: FlagChange): string {
  const who = asLine(change.actor.id, 64) || change.actor.type;
  const what = `${verbs[change.action]} ${asLine(change.flagKey)} in ${asLine(change.flagSetId, 64)}`;
  const via = change.source === "flagspan" ? "" : ` (${asLine(change.source, 64)})`;
  const effect = effects[change.action](change);
  const why = change.reason === undefined ? "" : asLine(change.reason, 400);
  return `${who} ${what}${via}${effect === "" ? "" : `, ${effect}`}${why === "" ? "" : `: ${why}`}`;
}

const verbs: Readonly<Record<FlagChangeAction, string>> = {
  created: "created",
  updated: "changed",
  deleted: "deleted",
  enabled: "enabled",
  disabled: "disabled",
  rollout: "moved the rollout of",
  killed: "killed",
  archived: "archived",
  restored: "restored",
};

const effects: Readonly<Record<FlagChangeAction, (change: FlagChange) => string>> = {
  created: ({ current }) => servesNow(current),
  updated: (change) => whatChanged(change) || forSegments(change),
  deleted: () => "callers get their code default",
  enabled: ({ current }) => servesNow(current),
  disabled: () => "callers get their code default",
  rollout: (change) => whatChanged(change) || forSegments(change),
  killed: (change) =>
    change.segments === undefined || change.segments.length === 0
      ? change.current === undefined
        ? "for everyone"
        : `everyone gets ${variantOf(change.current)}`
      : forSegments(change),
  archived: () => "",
  restored: ({ current }) => servesNow(current),
};

function variantOf(summary: FlagSummary): string {
  return summary.defaultVariant === null ? "the code default" : asLine(summary.defaultVariant, 64);
}

function servesNow(summary: FlagSummary | undefined): string {
  if (summary === undefined) return "";
  if (summary.state === "DISABLED") return "disabled: callers get their code default";
  const shares = Object.entries(summary.percentages ?? {}).map(
    ([variant, share]) => `${asLine(variant, 64)} ${asShare(share)}`,
  );
  const segments = summary.segments ?? [];
  const target = segments.length === 0 ? "" : `, with rules for ${asList(segments)}`;
  return `now serving ${shares.length === 0 ? variantOf(summary) : asList(shares)}${target}`;
}

function whatChanged({ previous, current }: FlagChange): string {
  if (previous === undefined || current === undefined) return servesNow(current);
  const parts: string[] = [];
  const [moved] = compareShares(previous.percentages, current.percentages);
  if (moved !== undefined) {
    const { from, to } = moved;
    const name = asLine(moved.variant, 64);
    if (from === undefined) parts.push(`${name} at ${asShare(to ?? 0)}`);
    else if (to === undefined) parts.push(`no more percentages (${name} was at ${asShare(from)})`);
    else parts.push(`${name} from ${asShare(from)} to ${asShare(to)}`);
  }
  if (previous.defaultVariant !== current.defaultVariant) {
    parts.push(`default from ${variantOf(previous)} to ${variantOf(current)}`);
  }
  const added = (current.segments ?? []).filter((segment) => previous.segments?.includes(segment) !== true);
  const gone = (previous.segments ?? []).filter((segment) => current.segments?.includes(segment) !== true);
  if (added.length > 0) parts.push(`now also for ${asList(added)}`);
  if (gone.length > 0) parts.push(`no longer for ${asList(gone)}`);
  return parts.join(", ");
}

function forSegments({ segments }: FlagChange): string {
  return segments === undefined || segments.length === 0 ? "" : `for ${asList(segments)}`;
}
