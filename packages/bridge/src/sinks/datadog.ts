import { describeChange, type FlagChange } from "@flagspan/ruleset/change";
import type { Notification, NotificationSeverity } from "../notifications/notification.ts";
import { createRequestSink, fit, postJson, servicesOf, type RequestSinkOptions } from "./request-sink.ts";
import type { Sink } from "./sink.ts";

/** Which Datadog site and organisation. */
export interface DatadogSinkOptions extends RequestSinkOptions {
  readonly apiKey: string;
  /** `datadoghq.com` by default. */
  readonly site?: string;
  /** Instead of the site's own intake. */
  readonly url?: string;
  /** `env` by flag set; without it the change is not shown on a service of one environment. */
  readonly environments?: Readonly<Record<string, string>>;
  /** The team that owns the flags. */
  readonly team?: string;
}

/** The backend takes nothing older. */
const maxAgeMs = 18 * 3_600_000;
const maxName = 128;

/** Creates a sink of Datadog change events (Events API v2, category `change`). */
export function datadogSink(options: DatadogSinkOptions): Sink {
  const url =
    options.url ?? `https://event-management-intake.${options.site ?? "datadoghq.com"}/api/v2/events`;
  return createRequestSink(options, {
    defaultName: "datadog",
    maxAgeMs,
    render: (change) => [postJson(url, { "dd-api-key": options.apiKey }, writeEvent(change, options))],
    announce: (notification) => [
      postJson(url, { "dd-api-key": options.apiKey }, writeAlert(notification, options)),
    ],
  });
}

function writeEvent(change: FlagChange, options: DatadogSinkOptions): unknown {
  const sentence = describeChange(change);
  const environment = options.environments?.[change.flagSetId];
  const services = servicesOf(options, change).slice(0, 100);
  return {
    data: {
      type: "event",
      attributes: {
        category: "change",
        integration_id: "custom-events",
        title: fit(sentence, 500),
        message: fit(sentence, 4000),
        timestamp: new Date(change.occurredAt).toISOString(),
        aggregation_key: fit(`${change.flagSetId}/${change.flagKey}`, 100),
        tags: [
          ...(environment === undefined ? [] : [`env:${environment}`]),
          `feature_flag.key:${change.flagKey}`,
          `feature_flag.set.id:${change.flagSetId}`,
          `feature_flag.change.id:${change.id}`,
          `feature_flag.change.action:${change.action}`,
          `feature_flag.change.source:${change.source}`,
        ].map((tag) => fit(tag, 200)),
        attributes: {
          changed_resource: { name: fit(change.flagKey, maxName), type: "feature_flag" },
          ...(services.length === 0
            ? {}
            : {
                impacted_resources: services.map((name) => ({ name: fit(name, maxName), type: "service" })),
              }),
          author: { name: fit(change.actor.id, maxName), type: change.actor.type },
          ...(change.previous === undefined ? {} : { prev_value: change.previous }),
          ...(change.current === undefined ? {} : { new_value: change.current }),
          change_metadata: {
            id: change.id,
            ...(options.team === undefined ? {} : { dd: { team: options.team } }),
            ...(change.url === undefined ? {} : { resource_link: change.url }),
          },
        },
      },
    },
  };
}

const statuses: Readonly<Record<NotificationSeverity, "ok" | "warn" | "error">> = {
  info: "ok",
  warning: "warn",
  critical: "error",
};

/** Notifications are of category `alert`, which has a status; changes are of category `change`, which has none. */
function writeAlert(notification: Notification, options: DatadogSinkOptions): unknown {
  const environment = options.environments?.[notification.flagSetId];
  return {
    data: {
      type: "event",
      attributes: {
        category: "alert",
        integration_id: "custom-events",
        title: fit(notification.sentence, 500),
        message: fit(notification.sentence, 4000),
        timestamp: new Date(notification.occurredAt).toISOString(),
        aggregation_key: fit(notification.rolloutId, 100),
        tags: [
          ...(environment === undefined ? [] : [`env:${environment}`]),
          ...servicesOf(options, notification)
            .slice(0, 50)
            .map((service) => `service:${service}`),
          `feature_flag.key:${notification.flagKey}`,
          `feature_flag.set.id:${notification.flagSetId}`,
          `feature_flag.rollout.id:${notification.rolloutId}`,
          `feature_flag.notification.id:${notification.id}`,
          `feature_flag.notification.kind:${notification.kind}`,
        ].map((tag) => fit(tag, 200)),
        attributes: {
          status: statuses[notification.severity],
          ...(notification.evidence === undefined ? {} : { custom: notification.evidence }),
          ...(notification.url === undefined
            ? {}
            : { links: [{ category: "resource", title: "Rollout", url: notification.url }] }),
        },
      },
    },
  };
}
