import type { FlagChange } from "@flagspan/ruleset/change";
import type { Attributes } from "../otlp/index.ts";

/** How changes are named on the wire. */
export interface ChangeNaming {
  /** First word of the names that the semantic conventions do not define; `feature_flag` by default. */
  readonly namespace?: string;
  /** `deployment.environment.name` by flag set; sets not named here say none. */
  readonly environments?: Readonly<Record<string, string>>;
}

/** The name of the change event, which is also the name of its span. */
export function changeEventName(naming: ChangeNaming = {}): string {
  return `${naming.namespace ?? "feature_flag"}.change`;
}

/** The attributes of a change, on its log record and on its span alike (DESIGN §4.6). Absent facts are absent attributes. */
export function changeAttributes(change: FlagChange, naming: ChangeNaming = {}): Attributes {
  const prefix = changeEventName(naming);
  const environment = naming.environments?.[change.flagSetId];
  return {
    "feature_flag.key": change.flagKey,
    "feature_flag.set.id": change.flagSetId,
    ...(change.revision === undefined ? {} : { "feature_flag.version": change.revision }),
    [`${prefix}.id`]: change.id,
    [`${prefix}.action`]: change.action,
    [`${prefix}.source`]: change.source,
    ...(change.reason === undefined ? {} : { [`${prefix}.reason`]: change.reason }),
    ...(change.previous === undefined ? {} : { [`${prefix}.previous`]: JSON.stringify(change.previous) }),
    ...(change.current === undefined ? {} : { [`${prefix}.current`]: JSON.stringify(change.current) }),
    ...(change.segments === undefined ? {} : { [`${prefix}.segments`]: change.segments }),
    ...(change.url === undefined ? {} : { [`${prefix}.url`]: change.url }),
    [`${prefix}.actor.id`]: change.actor.id,
    [`${prefix}.actor.type`]: change.actor.type,
    ...(environment === undefined ? {} : { "deployment.environment.name": environment }),
  };
}
