import type { Sink } from "@flagspan/bridge";
import type { CommandIo } from "../command.ts";

/** What a house sends where, and whom it believes. */
export interface HouseConfiguration {
  /** OTLP/HTTP base URL for change events, if there is one. */
  readonly otlpEndpoint: string | undefined;
  readonly otlpHeaders: Readonly<Record<string, string>>;
  /** Resource attributes of the bridge's own telemetry. */
  readonly resource: Readonly<Record<string, string>>;
  /** Further sinks, in the order they were configured. */
  readonly sinks: readonly Sink[];
  /** Secrets and mappings of inbound vendors, by name. */
  readonly webhooks: Readonly<Record<string, { readonly secret: string }>>;
  /** Origins of pages that may call OFREP from a browser. */
  readonly cors: readonly string[];
}

/**
 * Reads the configuration from the environment, by OpenTelemetry's own names where it has them: OTEL_EXPORTER_OTLP_ENDPOINT,
 * OTEL_EXPORTER_OTLP_HEADERS, OTEL_RESOURCE_ATTRIBUTES, OTEL_SERVICE_NAME; ours: FLAGSPAN_CORS (origins, comma-separated) and
 * FLAGSPAN_WEBHOOK_<VENDOR>_SECRET. Names of vendors are lower-case in routes: FLAGSPAN_WEBHOOK_LAUNCHDARKLY_SECRET serves
 * `/hooks/launchdarkly`.
 */
export function readConfiguration(env: CommandIo["env"]): HouseConfiguration {
  const webhooks: Record<string, { secret: string }> = {};
  for (const [name, value] of Object.entries(env)) {
    const vendor = /^FLAGSPAN_WEBHOOK_([A-Z]+)_SECRET$/.exec(name)?.[1];
    if (vendor !== undefined && value !== undefined && value !== "")
      webhooks[vendor.toLowerCase()] = { secret: value };
  }
  return {
    otlpEndpoint: env["OTEL_EXPORTER_OTLP_ENDPOINT"] || undefined,
    otlpHeaders: readPairs(env["OTEL_EXPORTER_OTLP_HEADERS"]),
    resource: {
      "service.name": env["OTEL_SERVICE_NAME"] ?? "flagspan",
      ...readPairs(env["OTEL_RESOURCE_ATTRIBUTES"]),
    },
    sinks: [],
    webhooks,
    cors: (env["FLAGSPAN_CORS"] ?? "")
      .split(",")
      .map((origin) => origin.trim())
      .filter((origin) => origin !== ""),
  };
}

/** `a=1,b=2` with percent-encoded values, as OTEL_* lists are written. */
function readPairs(list: string | undefined): Record<string, string> {
  const pairs: Record<string, string> = {};
  for (const pair of (list ?? "").split(",")) {
    const at = pair.indexOf("=");
    if (at > 0) pairs[pair.slice(0, at).trim()] = decodeURIComponent(pair.slice(at + 1).trim());
  }
  return pairs;
}
