import { readSinks, type Sink } from "@flagspan/bridge";
import type { VendorSettings } from "@flagspan/bridge/webhooks";
import type { CommandIo } from "../command.ts";
import { UsageError } from "../command.ts";
import { findClosest } from "../closest.ts";
import { parseAny } from "../ruleset-input/parse-any.ts";
import { readInput } from "../ruleset-input/read-input.ts";

/** What a house sends where, and whom it believes. */
export interface HouseConfiguration {
  /** OTLP/HTTP base URL for change events, if there is one. */
  readonly otlpEndpoint: string | undefined;
  readonly otlpHeaders: Readonly<Record<string, string>>;
  /** Resource attributes of the bridge's own telemetry. */
  readonly resource: Readonly<Record<string, string>>;
  /** Further sinks, in the order they were configured. */
  readonly sinks: readonly Sink[];
  /** Secrets and mappings of inbound vendors, by the name in the route. */
  readonly webhooks: Readonly<Record<string, VendorSettings>>;
  /** Origins of pages that may call OFREP from a browser. */
  readonly cors: readonly string[];
  /** Base URL of the Prometheus that answers a plan's `query` guardrails. */
  readonly prometheusUrl: string | undefined;
}

/**
 * Reads the configuration from the environment, by OpenTelemetry's own names where it has them: OTEL_EXPORTER_OTLP_ENDPOINT,
 * OTEL_EXPORTER_OTLP_HEADERS, OTEL_RESOURCE_ATTRIBUTES, OTEL_SERVICE_NAME; ours: FLAGSPAN_CORS (origins, comma-separated),
 * FLAGSPAN_PROMETHEUS_URL and FLAGSPAN_WEBHOOK_<VENDOR>_SECRET (FLAGSPAN_WEBHOOK_LAUNCHDARKLY_SECRET opens
 * `/hooks/launchdarkly`). `file`, YAML or JSON, adds `sinks` (a list) and `webhooks` (settings by route name); a text `${NAME}` in
 * it is taken from the environment, so that it holds no secret.
 */
export async function readConfiguration(io: CommandIo, file?: string): Promise<HouseConfiguration> {
  const { env } = io;
  const document = file === undefined ? {} : readFields(file, parseAny(file, await readInput(file, io)));
  const known = ["sinks", "webhooks"];
  const stranger = Object.keys(document).find((name) => !known.includes(name));
  if (stranger !== undefined)
    throw new UsageError(`${file ?? ""}: "${stranger}" is not known; ${suggest(stranger, known)}`);
  const sinks = readSinks(document["sinks"] ?? [], env);
  if (!sinks.ok) throw new UsageError(`${file ?? "the configuration"}: ${sinks.problems.join(" ")}`);
  return {
    otlpEndpoint: env["OTEL_EXPORTER_OTLP_ENDPOINT"] || undefined,
    otlpHeaders: readPairs(env["OTEL_EXPORTER_OTLP_HEADERS"]),
    resource: {
      "service.name": env["OTEL_SERVICE_NAME"] ?? "flagspan",
      ...readPairs(env["OTEL_RESOURCE_ATTRIBUTES"]),
    },
    sinks: sinks.sinks,
    webhooks: { ...readSecrets(env), ...readVendors(file ?? "", document["webhooks"] ?? {}, env) },
    cors: (env["FLAGSPAN_CORS"] ?? "")
      .split(",")
      .map((origin) => origin.trim())
      .filter((origin) => origin !== ""),
    prometheusUrl: env["FLAGSPAN_PROMETHEUS_URL"] || undefined,
  };
}

function suggest(name: string, known: readonly string[]): string {
  const meant = findClosest(name, known);
  return meant === undefined ? `it takes ${known.join(" and ")}.` : `did you mean "${meant}"?`;
}

type Environment = CommandIo["env"];

function readFields(file: string, value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value === "object" && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw new UsageError(`${file} is not a configuration; write sinks: [...] and webhooks: {...}.`);
}

function readSecrets(env: Environment): Record<string, VendorSettings> {
  const vendors: Record<string, VendorSettings> = {};
  for (const [name, secret] of Object.entries(env)) {
    const vendor = /^FLAGSPAN_WEBHOOK_([A-Z]+)_SECRET$/.exec(name)?.[1];
    if (vendor !== undefined && secret !== undefined && secret !== "")
      vendors[vendor.toLowerCase()] = { secret };
  }
  return vendors;
}

function readVendors(file: string, value: unknown, env: Environment): Record<string, VendorSettings> {
  const vendors: Record<string, VendorSettings> = {};
  for (const [name, settings] of Object.entries(readFields(file, value))) {
    const fields = readFields(file, settings);
    const secret = readSecret(fields["secret"], env);
    if (secret === undefined)
      throw new UsageError(
        `${file}: webhooks.${name} needs a secret, such as "\${${name.toUpperCase()}_SECRET}" with that name set.`,
      );
    vendors[name] = { ...(fields as Omit<VendorSettings, "secret">), secret };
  }
  return vendors;
}

function readSecret(value: unknown, env: Environment): string | undefined {
  if (typeof value !== "string" || value === "") return undefined;
  const name = /^\$\{(\w+)\}$/.exec(value)?.[1];
  return name === undefined ? value : env[name] || undefined;
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
