import type { ChangeTeller } from "../change/log-record.ts";
import type { LogRecord } from "../otlp/index.ts";
import type { Notification, NotificationSeverity } from "./notification.ts";

const severityNumbers: Readonly<Record<NotificationSeverity, number>> = {
  info: 9,
  warning: 13,
  critical: 17,
};

/**
 * Turns a notification into its log event `feature_flag.notification`: the body is its sentence, the severity INFO, WARN or ERROR, each
 * figure of the evidence an attribute.
 */
export function notificationToLogRecord(
  notification: Notification,
  teller: ChangeTeller,
  observedUnixMs: number,
): LogRecord {
  const eventName = `${teller.namespace ?? "feature_flag"}.notification`;
  const rollout = `${teller.namespace ?? "feature_flag"}.rollout`;
  const environment = teller.environments?.[notification.flagSetId];
  const evidence = Object.entries(notification.evidence ?? {}).map(
    ([name, value]) => [`${eventName}.evidence.${name}`, value] as const,
  );
  return {
    resource: teller.resource,
    scope: teller.scope,
    eventName,
    timeUnixMs: Date.parse(notification.occurredAt),
    observedUnixMs,
    severityNumber: severityNumbers[notification.severity],
    body: notification.sentence,
    attributes: {
      "feature_flag.key": notification.flagKey,
      "feature_flag.set.id": notification.flagSetId,
      [`${rollout}.id`]: notification.rolloutId,
      ...(notification.stage === undefined ? {} : { [`${rollout}.stage`]: notification.stage }),
      [`${eventName}.id`]: notification.id,
      [`${eventName}.kind`]: notification.kind,
      [`${eventName}.severity`]: notification.severity,
      ...(notification.url === undefined ? {} : { [`${eventName}.url`]: notification.url }),
      ...Object.fromEntries(evidence),
      ...(environment === undefined ? {} : { "deployment.environment.name": environment }),
      "otel.event.name": eventName,
    },
  };
}
