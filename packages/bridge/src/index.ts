export { createBridge } from "./bridge.ts";
export type { Bridge, BridgeOptions } from "./bridge.ts";
export type { SinkStatus } from "./delivery/worker.ts";
export type { Clock } from "./clock.ts";
export type { Documents } from "./outbox/documents.ts";
export type { Notification, NotificationSeverity } from "./notifications/notification.ts";
export type { NotificationStatus } from "./notifications/notifier.ts";
export { notificationToLogRecord } from "./notifications/log-record.ts";
export type { Outbox, OutboxEntry } from "./outbox/outbox.ts";
export type { DeliveryContext, Outcome, Sink } from "./sinks/sink.ts";
export { otlpSink } from "./sinks/otlp.ts";
export type { OtlpSinkOptions, Signal } from "./sinks/otlp.ts";
export { grafanaSink } from "./sinks/grafana.ts";
export type { GrafanaSinkOptions } from "./sinks/grafana.ts";
export { datadogSink } from "./sinks/datadog.ts";
export type { DatadogSinkOptions } from "./sinks/datadog.ts";
export { dynatraceSink } from "./sinks/dynatrace.ts";
export type { DynatraceSinkOptions } from "./sinks/dynatrace.ts";
export { newRelicSink } from "./sinks/new-relic.ts";
export type { NewRelicSinkOptions } from "./sinks/new-relic.ts";
export { sentrySink } from "./sinks/sentry.ts";
export type { SentrySinkOptions } from "./sinks/sentry.ts";
export { slackSink } from "./sinks/slack.ts";
export type { SlackSinkOptions } from "./sinks/slack.ts";
export { webhookSink } from "./sinks/webhook.ts";
export type { WebhookSinkOptions } from "./sinks/webhook.ts";
export { readSinks } from "./sinks/read-sinks.ts";
export type { SinksResult } from "./sinks/read-sinks.ts";
export type { RequestSinkOptions } from "./sinks/request-sink.ts";
export { changeToLogRecord } from "./change/log-record.ts";
export type { ChangeTeller } from "./change/log-record.ts";
export { changeToSpan } from "./change/span.ts";
export type { ChangeNaming } from "./change/attributes.ts";
export type { AllowPrivate } from "./http/network-policy.ts";
export { HttpProblem } from "./http/http-problem.ts";
export { watchOpenFeature } from "./sources/openfeature.ts";
export type {
  ConfigurationChange,
  ConfigurationEvents,
  OpenFeatureSourceOptions,
} from "./sources/openfeature.ts";
export { readGitChanges } from "./sources/git.ts";
export type { GitReading, GitSourceOptions } from "./sources/git.ts";
