import { parseFastLaneEvent } from "@flagspan/guard";
import type { Arm, FastLaneEvent } from "@flagspan/guard";

/** Builds an event of the fast lane as it is parsed from the wire. */
function event(
  eventName: string,
  id: string,
  stage: string,
  arm: Arm,
  more: Record<string, unknown>,
): FastLaneEvent {
  const parsed = parseFastLaneEvent({
    eventName,
    timeUnixMs: 0,
    attributes: {
      "feature_flag.key": "dark-mode",
      "feature_flag.set.id": "shop.prod",
      "feature_flag.result.variant": arm === "treatment" ? "on" : "off",
      "feature_flag.rollout.id": id,
      "feature_flag.rollout.stage": stage,
      "feature_flag.rollout.arm": arm,
      "feature_flag.outcome.source": "server",
      ...more,
    },
  });
  if (parsed === undefined) throw new Error("not a fast-lane event");
  return parsed;
}

/** Units newly exposed in one process. */
export function exposures(id: string, stage: string, arm: Arm, ids: readonly string[]): FastLaneEvent {
  return event("feature_flag.exposures", id, stage, arm, {
    "feature_flag.exposures.units": ids,
    "feature_flag.exposures.sample": 1,
  });
}

/** A unit's first error in one process; without a unit where the app knows none. */
export function failure(
  id: string,
  stage: string,
  arm: Arm,
  unit: string | undefined,
  more: Record<string, unknown> = {},
): FastLaneEvent {
  return event("feature_flag.outcome", id, stage, arm, {
    "feature_flag.outcome.kind": "error",
    ...(unit === undefined ? {} : { "feature_flag.context.id": unit }),
    ...more,
  });
}

/** As many unit ids as asked for, the same for the same prefix. */
export function units(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${index}`);
}
