import type { DropCounts } from "../health/drop-counts.ts";
import type { EvaluationEventPolicy } from "../hook/evaluation-event.ts";
import type { FlagHook, FlagHookContext, FlagHookDetails } from "../hook/flag-hook.ts";
import type { FastLaneEvent } from "../fast-lane/otlp-json.ts";
import type { AttributeNames } from "../naming/attribute-names.ts";
import { cleanText } from "../privacy/clean-text.ts";
import type { SubjectContext } from "../privacy/subject.ts";
import type { FlagEntry } from "../scope/flag-entry.ts";
import { WatchedArms } from "../scope/watched-arm.ts";
import type { PageScope } from "./page-scope.ts";

/** What the page's hook is made of. */
export interface PageHookParts {
  readonly page: PageScope;
  readonly names: AttributeNames;
  readonly drops: DropCounts;
  readonly policy: EvaluationEventPolicy;
  readonly subject: ((context: SubjectContext) => string | undefined) | undefined;
  /** A flag counts from now on. */
  readonly recorded: (entry: FlagEntry) => void;
  /** Emits `feature_flag.evaluation`. */
  readonly emit: (attributes: FastLaneEvent["attributes"]) => void;
}

/** Records the page's evaluations. Synchronous, and never throws. */
export function createPageHook(parts: PageHookParts): FlagHook {
  const arms = new WatchedArms();
  return {
    name: "flagspan-telemetry",
    finally: (hookContext, details) => {
      try {
        record(parts, arms, hookContext, details);
      } catch {
        parts.drops.count("hook_error");
      }
    },
  };
}

function record(
  parts: PageHookParts,
  arms: WatchedArms,
  hook: FlagHookContext,
  details: FlagHookDetails,
): void {
  const { page, names, drops, policy } = parts;
  const evaluationContext = hook.context ?? {};
  const { value, flagMetadata: metadata = {} } = details;
  const key = cleanText(hook.flagKey);
  const variant = details.variant === undefined ? undefined : textOf(details.variant);
  const reason = spell(details.reason) ?? "unknown";
  const errorType = spell(details.errorCode);
  const watch = arms.read(key, variant, metadata);
  const unit = textOf(metadata["contextId"] ?? callSubject(parts, evaluationContext));
  const setId = textOf(metadata["flagSetId"]);
  const version = textOf(metadata["version"]);

  page.belongsTo(evaluationContext["targetingKey"]);
  let isNew = true;
  // A key that the provider does not know came from whoever asked: it gets an event, but no tag and no series.
  if (errorType !== "flag_not_found") {
    const enabled = typeof value === "boolean" ? value : undefined;
    const recorded = page.record({
      key,
      variant: variant ?? (enabled === undefined ? reason : String(enabled)),
      reason,
      source: "evaluation",
      enabled,
      setId,
      version,
      unit,
      watch,
      sinceMs: performance.now(),
      firstExposure: false,
      order: 0,
    });
    if (recorded === undefined) drops.count("scope_full");
    else {
      isNew = recorded.isNew;
      parts.recorded(recorded.entry);
    }
  }
  if (policy === "off" || (policy !== "all" && !isNew)) return;
  parts.emit({
    [names.key]: key,
    [names.reason]: reason,
    [names.providerName]: hook.providerMetadata?.name,
    [names.variant]: variant,
    [names.value]: variant === undefined ? scalarOf(value) : undefined,
    [names.setId]: setId,
    [names.version]: version,
    [names.contextId]: unit,
    [names.errorType]: errorType,
    [names.errorMessage]: textOf(details.errorMessage),
    [names.rolloutId]: watch?.rolloutId,
    [names.rolloutStage]: watch?.stage,
    [names.rolloutArm]: watch?.arm,
  });
}

/** A subject function that throws costs the unit, nothing else. */
function callSubject({ subject, drops }: PageHookParts, context: SubjectContext): string | undefined {
  try {
    return subject?.(context);
  } catch {
    drops.count("mapper_error");
    return undefined;
  }
}

/** `TARGETING_MATCH` → `targeting_match`. */
function spell(word: string | undefined): string | undefined {
  return word === undefined ? undefined : cleanText(word.toLowerCase(), 64);
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" || typeof value === "number"
    ? cleanText(String(value)) || undefined
    : undefined;
}

function scalarOf(value: unknown): string | number | boolean | undefined {
  if (typeof value === "boolean" || typeof value === "number") return value;
  return textOf(typeof value === "object" ? JSON.stringify(value) : value);
}
