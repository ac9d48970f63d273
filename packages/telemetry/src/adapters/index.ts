export { sentryFlagProcessor } from "./sentry.ts";
export type { SentryEventLike } from "./sentry.ts";
export { datadogRumHook } from "./datadog-rum.ts";
export type { DatadogRumLike } from "./datadog-rum.ts";
