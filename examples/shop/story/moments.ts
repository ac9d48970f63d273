import type { LogRecord } from "@flagspan/bridge/otlp";

/** A flag change as it was received over OTLP. */
export interface ChangeMoment {
  readonly id: string;
  readonly flagKey: string;
  readonly action: string;
  readonly actor: string;
  readonly reason: string;
  readonly atUnixMs: number;
}

/** One process saying that it now answers by a change. */
export interface AppliedMoment {
  readonly changeId: string;
  readonly instance: string;
  readonly service: string;
  readonly atUnixMs: number;
}

const text = (record: LogRecord, name: string): string => String(record.attributes[name] ?? "");

/** The `feature_flag.change` events among the records, oldest first, each id once. */
export function findChanges(records: readonly LogRecord[]): readonly ChangeMoment[] {
  const byId = new Map<string, ChangeMoment>();
  for (const record of records) {
    if (record.eventName !== "feature_flag.change") continue;
    const id = text(record, "feature_flag.change.id");
    byId.set(id, {
      id,
      flagKey: text(record, "feature_flag.key"),
      action: text(record, "feature_flag.change.action"),
      actor: text(record, "feature_flag.change.actor.id"),
      reason: text(record, "feature_flag.change.reason"),
      atUnixMs: record.timeUnixMs,
    });
  }
  return [...byId.values()].sort((a, b) => a.atUnixMs - b.atUnixMs);
}

/** The `feature_flag.applied` events of one change, the first of each process. */
export function findApplied(records: readonly LogRecord[], changeId: string): readonly AppliedMoment[] {
  const byInstance = new Map<string, AppliedMoment>();
  for (const record of records) {
    if (record.eventName !== "feature_flag.applied" || text(record, "feature_flag.change.id") !== changeId)
      continue;
    const service = String(record.resource["service.name"] ?? "");
    const instance = String(
      record.attributes["service.instance.id"] ?? record.resource["service.instance.id"] ?? service,
    );
    if (!byInstance.has(instance))
      byInstance.set(instance, { changeId, instance, service, atUnixMs: record.timeUnixMs });
  }
  return [...byInstance.values()];
}
